"""What a policy says of answers that are none."""

from pydantic import Field

from rules.document.words import Shape, Share, Text


class PlaceholdersShape(Shape):
    """What a required text may not be, beside the words that everybody uses."""

    repeated: int | None = Field(
        None,
        ge=2,
        le=1000,
        description="In so many records of one author the same text is no answer. Not"
        " counted if left out.",
    )
    share: Share | None = Field(
        None,
        description="A text that more than this share of all records has is filled in"
        " by itself, and no answer: 30%. Not counted if left out.",
    )
    allow: list[Text] = Field(
        default_factory=list,
        description="Texts that are answers all the same, such as a company that is"
        " really called Test.",
    )
