import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parents[2]
DESCRIPTION = "adapters/eventbus/pubsub_api.proto"


def test_the_stubs_are_those_that_the_description_makes(tmp_path: Path):
    outputs = [f"--{kind}_out={tmp_path}" for kind in ("python", "pyi", "grpc_python")]
    compiler = [sys.executable, "-m", "grpc_tools.protoc"]
    subprocess.run(
        [*compiler, "--proto_path=.", *outputs, DESCRIPTION],
        cwd=HERE,
        check=True,
    )
    made = sorted(tmp_path.rglob("*.py*"))
    assert len(made) == 3
    for one in made:
        kept = HERE / one.relative_to(tmp_path)
        assert one.read_text() == kept.read_text(), "run `make stubs`"
