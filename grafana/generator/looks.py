"""Colours, thresholds, mappings and links, in few words."""

from grafana_foundation_sdk.builders.dashboard import FieldColor, ThresholdsConfig
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue as Property

BY_NAME = FieldColor().mode(models.FieldColorModeId.PALETTE_CLASSIC_BY_NAME)
"""A model has the same colour in every panel."""
BY_THRESHOLD = FieldColor().mode(models.FieldColorModeId.THRESHOLDS)


def fixed(color: str) -> FieldColor:
    """One colour, whatever the value."""
    return FieldColor().mode(models.FieldColorModeId.FIXED).fixed_color(color)


def colored(colors: dict[str, str]) -> dict[str, list[Property]]:
    """Lines of these names in these colours; those that fit a /pattern/ in shades of one."""
    return {
        name: [
            Property(
                "color",
                {"mode": "shades" if name.startswith("/") else "fixed", "fixedColor": color},
            )
        ]
        for name, color in colors.items()
    }


def steps(*colors: tuple[str, float | None]) -> ThresholdsConfig:
    """Colours and the values from which they hold; the first holds from None."""
    listed = [models.Threshold(value=value, color=color) for color, value in colors]
    return ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(listed)


def worry_from(orange: float, red: float) -> ThresholdsConfig:
    """Green, and orange and red from these values on."""
    return steps(("green", None), ("orange", orange), ("red", red))


def instead_of_nan(text: str) -> list[models.ValueMapping]:
    """Shown for NaN, which a quantile of nothing is."""
    result = models.ValueMappingResult(text=text, color="text", index=0)
    options = models.DashboardSpecialValueMapOptions(
        match=models.SpecialValueMatch.NULL_AND_NAN, result=result
    )
    return [models.SpecialValueMap(options=options)]


def coloured_words(**colors: str) -> Property:
    """Words of a column in colours of their own."""
    results = {
        word: models.ValueMappingResult(text=word, color=color, index=index)
        for index, (word, color) in enumerate(colors.items())
    }
    return Property("mappings", [models.ValueMap(options=results)])


def link(title: str, url: str, variable: str) -> Property:
    """Makes a cell a link that sets a variable. The time range goes along, and the data source."""
    whole = f"{url}?${{__url_time_range}}&${{sqlite:queryparam}}&{variable}"
    return Property("links", [{"title": title, "url": whole, "targetBlank": False}])
