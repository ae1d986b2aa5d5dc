"""Forms of the pages."""

from django import forms

from movies.models.rating import HALF_STARS

_CHOOSE = "Choose between half a star and five stars."


class RatingForm(forms.Form):
    """A rating, or its removal by ``remove`` or by an empty ``value``."""

    value = forms.CharField(required=False, max_length=8)
    remove = forms.BooleanField(required=False)

    def clean_value(self) -> float | None:
        """Return the stars, or ``None`` for an empty value."""
        text = str(self.cleaned_data["value"]).strip()
        try:
            value = float(text) if text else None
        except ValueError:
            value = float("nan")
        if value is not None and value not in HALF_STARS:
            message = f"“{text}” is not a rating. {_CHOOSE}"
            raise forms.ValidationError(message)
        return value

    def clean(self) -> dict[str, object]:
        """Require either stars or removal."""
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
    def error_text(self) -> str:
        """All messages of an invalid form, as one text."""
        return " ".join(str(message) for messages in self.errors.values() for message in messages)
