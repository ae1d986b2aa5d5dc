"""What people send."""

from django import forms

from movies.models.rating import HALF_STARS

_CHOOSE = "Choose between half a star and five stars."


class RatingForm(forms.Form):
    """Stars, or their removal: by ``remove``, or by a ``value`` that is there and empty."""

    value = forms.CharField(required=False, max_length=8)
    remove = forms.BooleanField(required=False)

    def clean_value(self) -> float | None:
        """Return the stars, or ``None`` where there are none to read."""
        text = str(self.cleaned_data["value"]).strip()
        try:
            value = float(text) if text else None
        except ValueError:
            value = float("nan")
        if value is not None and value not in HALF_STARS:
            message = f"“{text}” is no rating. {_CHOOSE}"
            raise forms.ValidationError(message)
        return value

    def clean(self) -> dict[str, object]:
        """Refuse a form that names neither stars nor removal."""
        if "value" not in self.data and not self.cleaned_data.get("remove"):
            raise forms.ValidationError(_CHOOSE)
        return self.cleaned_data

    @property
    def stars(self) -> float | None:
        """The stars of a valid form, ``None`` for removal."""
        if self.cleaned_data["remove"]:
            return None
        value = self.cleaned_data["value"]
        return value if isinstance(value, float) else None

    @property
    def complaint(self) -> str:
        """What is wrong with an invalid form, in one sentence for its sender."""
        return " ".join(str(message) for messages in self.errors.values() for message in messages)
