"""One document in two forms."""

from pathlib import Path

from ml.reporting.document import Document, Heading, Paragraph, Picture, Table

DOCUMENT = Document(
    "Title <1>",
    [
        Heading("Section"),
        Paragraph("Run `make run` if a < b."),
        Table(("name", "gain"), [("a|b", "+3 %"), ("c", "")]),
    ],
)


def test_markdown_links_pictures_and_keeps_cells_apart(tmp_path: Path) -> None:
    document = Document("T", [*DOCUMENT.parts, Picture(tmp_path / "plot.png", "A plot.")])
    assert document.markdown().endswith(
        "## Section\n\nRun `make run` if a < b.\n\n"
        "| name | gain |\n| --- | ---: |\n| a\\|b | +3 % |\n| c |  |\n\n![A plot.](plot.png)\n"
    )
    assert "plot.png" not in document.markdown(pictures=False)


def test_html_escapes_text_and_holds_its_pictures(tmp_path: Path) -> None:
    (tmp_path / "plot.png").write_bytes(b"png")
    page = Document(
        DOCUMENT.title, [*DOCUMENT.parts, Picture(tmp_path / "plot.png", "A & B.")]
    ).html()
    assert "<h1>Title &lt;1&gt;</h1>" in page
    assert "<p>Run <code>make run</code> if a &lt; b.</p>" in page
    assert '<td>a|b</td><td class="amount">+3 %</td>' in page
    assert '<img src="data:image/png;base64,cG5n" alt="A &amp; B.">' in page
