from jaxneuron.studies.poerner2018 import words


def test_a_name_wins_over_grammar():
    assert words.marked("look left", "left") == [("look", "content"), ("left", "names")]


def test_compound_names_are_marked_in_parts_and_as_one_word():
    kinds = [kind for _, kind in words.marked("a cellphone near cell phones", "cell phone")]
    assert kinds == ["function", "names", "function", "names", "names"]


def test_a_group_of_units_names_nothing():
    assert {kind for _, kind in words.marked("group 3 units", "group 3 (12 units)")} == {"content"}


def test_every_kind_is_known():
    kinds = {kind for _, kind in words.marked("the dog runs", "dog")}
    assert kinds == set(words.KINDS)
    assert len({kind[0] for kind in words.KINDS}) == 3  # the page's script tells them by their first letter
