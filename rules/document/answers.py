"""What a policy says of answers that are none."""

from pydantic import Field

from rules.document.words import Shape, Text


class PlaceholdersShape(Shape):
    """What a required text may not be, beside the words that everybody uses."""

    allow: list[Text] = Field(
        default_factory=list,
        description="Texts that are answers all the same, such as a company that is"
        " really called Test.",
    )
