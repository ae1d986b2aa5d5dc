"""Users of three kinds: people, guests and the crowd."""

from typing import ClassVar

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q


class MatineeUserManager(UserManager["User"]):
    """Django's manager of users with a queryset of the crowd."""

    def crowd(self) -> models.QuerySet["User"]:
        """Return imported and generated raters, who train the models and are never shown."""
        return self.filter(kind=User.Kind.CROWD)


class User(AbstractUser):
    """A user. Ids have 32 bits, because suggestion lists and exports contain millions of them."""

    class Kind(models.TextChoices):
        """People and guests use the site; the crowd only rates."""

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
            # Also serves an import's look-up of users from earlier imports of the same data set.
            models.UniqueConstraint(
                name="accounts_user_crowd_unique", fields=["crowd_source", "crowd_key"], condition=Q(kind="crowd")
            ),
        ]
        indexes = [
            # Serves counts and lists of the household among hundreds of thousands of crowd users.
            models.Index(name="accounts_user_household", fields=["id"], condition=~Q(kind="crowd")),
        ]
