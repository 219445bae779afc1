"""What the page of every study has."""

import re

import pytest

from jaxneuron import studies


@pytest.mark.parametrize("name", studies.find())
def test_the_question_is_the_first_section(name):
    text = studies.find()[name].study().page.template.read_text()
    assert re.findall(r'<section id="([a-z0-9-]+)"', text)[0] == "question"
    assert re.search(r'set sections = \[\s*\("question"', text)


@pytest.mark.parametrize("name", studies.find())
def test_no_section_takes_the_name_of_the_data_or_of_a_chart(name):
    text = studies.find()[name].study().page.template.read_text()
    assert not {"found", "charts", *re.findall(r'chart\("([a-z0-9-]+)"', text)} & set(
        re.findall(r'id="([a-z0-9-]+)"', text)
    )


@pytest.mark.parametrize("name", studies.find())
def test_what_is_said_of_presets_is_what_there_is(name):
    command = studies.find()[name]
    assert [*command.presets] == [*command.study().presets] and command.preset in command.presets
    assert set(command.study().stages) == set(command.study().results._fields)
