"""Users of three kinds: people, guests and the crowd."""

from typing import ClassVar

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q


class UserQuerySet(models.QuerySet["User"]):
    """Selections by kind."""

    def people(self) -> "UserQuerySet":
        """Return those who signed up with a password."""
        return self.filter(kind=User.Kind.PERSON)

    def household(self) -> "UserQuerySet":
        """Return everyone who uses the site: people and guests, never the crowd."""
        return self.exclude(kind=User.Kind.CROWD)

    def crowd(self) -> "UserQuerySet":
        """Return imported and fake raters, who train the model and are never shown."""
        return self.filter(kind=User.Kind.CROWD)


class MatineeUserManager(UserManager["User"]):
    """Django's creation of users, and our selections."""

    def get_queryset(self) -> UserQuerySet:
        """Return all users with the selections by kind."""
        return UserQuerySet(self.model, using=self._db)

    def people(self) -> UserQuerySet:
        """Return those who signed up with a password."""
        return self.get_queryset().people()

    def household(self) -> UserQuerySet:
        """Return everyone who uses the site."""
        return self.get_queryset().household()

    def crowd(self) -> UserQuerySet:
        """Return imported and fake raters."""
        return self.get_queryset().crowd()


class User(AbstractUser):
    """A rater. Ids are 32-bit because suggestion rows and exports carry millions of them."""

    class Kind(models.TextChoices):
        """What a user may do."""

        PERSON = "person", "person"
        GUEST = "guest", "guest"
        CROWD = "crowd", "crowd"

    id = models.AutoField(primary_key=True)
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.PERSON)
    crowd_source = models.CharField(
        max_length=64, blank=True, help_text="The data set that a crowd user comes from, such as ml-latest-small."
    )
    crowd_key = models.BigIntegerField(null=True, blank=True, help_text="The user's number in that data set.")
    ratings_changed_at = models.DateTimeField(
        null=True, blank=True, help_text="When this user last added, changed or removed a rating."
    )

    objects: ClassVar[MatineeUserManager] = MatineeUserManager()

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(name="accounts_user_kind_known", condition=Q(kind__in=["person", "guest", "crowd"])),
            models.CheckConstraint(
                name="accounts_user_crowd_has_source",
                condition=(Q(kind="crowd") & ~Q(crowd_source="") & Q(crowd_key__isnull=False))
                | (~Q(kind="crowd") & Q(crowd_source="") & Q(crowd_key__isnull=True)),
            ),
            models.CheckConstraint(
                name="accounts_user_crowd_cannot_log_in",
                condition=~Q(kind="crowd")
                | Q(is_active=False, is_staff=False, is_superuser=False, password__startswith=UNUSABLE_PASSWORD_PREFIX),
            ),
            # Also serves an import's look-up of the users that a data set already brought.
            models.UniqueConstraint(
                name="accounts_user_crowd_unique", fields=["crowd_source", "crowd_key"], condition=Q(kind="crowd")
            ),
        ]
        indexes = [
            # Serves counts and lists of people among hundreds of thousands of crowd users.
            models.Index(name="accounts_user_household", fields=["id"], condition=~Q(kind="crowd")),
        ]

    @property
    def is_crowd(self) -> bool:
        """Whether this is an imported or fake rater."""
        return self.kind == self.Kind.CROWD
