"""Studies of labelled texts read the columns that they are told."""

from jaxneuron.studies import _splits
from jaxneuron.studies.attribution import study as attribution
from jaxneuron.studies.attribution.presets import PRESETS


def test_columns_are_those_that_are_named(tmp_path):
    path = tmp_path / "rows.tsv"
    rows = [f"{number}\tgood day {number}\t{number % 2}\tx" for number in range(200)]
    path.write_text("id\tsaid\tjudged\tother\n" + "\n".join(rows) + "\n")
    asked = attribution.Options(data=(path,), text_column="said", label_column="judged")
    labels = attribution.read(asked, PRESETS["demo"], 0).data.labels
    assert {words[:2] == ["good", "day"] for part in labels.values() for words in part.sentences} == {True}
    assert set(labels["train"].labels) == {"0", "1"}
    named = _splits.read(path, text="said", label="judged")["train"]
    assert len(named.sentences) == 160 and {tuple(words[:2]) for words in named.sentences} == {("good", "day")}
