import shutil
from pathlib import Path

import pytest

from synthetic import Size, synthesize
from synthetic.judging.figures import figures


@pytest.mark.slow
def test_every_figure_of_the_real_data_is_met_at_full_size(tmp_path: Path) -> None:
    out = tmp_path / "full"
    try:
        report = synthesize(out, size=Size.FULL)
        found = figures(out)
    finally:
        shutil.rmtree(out, ignore_errors=True)
    assert report.rows == 6_664_652
    assert all(figure.judged for figure in found)
    assert [(figure.name, figure.generated) for figure in found if not figure.met] == []
