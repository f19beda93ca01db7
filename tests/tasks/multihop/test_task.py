from __future__ import annotations

import pytest

from treecore.errors import TaskError
from treecore.protocols import Part, Step, Turn
from treecore.tasks.multihop.knowledge import ATTRIBUTES, PERSONS, RELATIONS, knowledge_base
from treecore.tasks.multihop.questions import Question, all_questions, parse_question
from treecore.tasks.multihop.task import CORRECTION, MultihopTask

TASK = MultihopTask()
PROMPT = TASK.ask("Where is the home of the teacher of the boss of Paul?")


def answer(word: str) -> Step:
    return Step(f"<think> the home is {word} </think> <answer> {word} </answer>")


def test_knowledge_is_complete_and_nobody_relates_to_themselves() -> None:
    facts = knowledge_base().facts
    assert set(facts) == {(person, word) for person in PERSONS for word in (*RELATIONS, *ATTRIBUTES)}
    for (person, word), value in facts.items():
        assert value in (ATTRIBUTES[word] if word in ATTRIBUTES else set(PERSONS) - {person})


def test_reference_follows_the_chain_one_fact_at_a_time() -> None:
    base = knowledge_base()
    boss = base.lookup("paul", word="boss")
    teacher = base.lookup(str(boss), word="teacher")
    assert PROMPT.reference == base.lookup(str(teacher), word="home")


def test_gold_is_what_a_careful_reader_does() -> None:
    gold = TASK.gold(PROMPT)
    assert gold[0].text == "<think> find the boss of paul </think> <search> paul boss </search>"
    assert gold[0].observation == f"<information> {knowledge_base().lookup('paul', word='boss')} </information>"
    assert len(gold) == 4


@pytest.mark.parametrize("query", ["boss paul", "paul", "paul boss home", "cairo home", "paul chief", ""])
def test_unknown_look_ups_find_nothing(query: str) -> None:
    turn = TASK.respond(PROMPT, [], f"<think> x </think> <search> {query} </search>")
    assert turn == Turn("<information> nothing found </information>")


def test_a_step_without_action_is_corrected_and_goes_on() -> None:
    assert TASK.respond(PROMPT, [], "<think> hm </think>") == Turn(CORRECTION)


def test_an_answer_or_the_last_step_ends_the_trajectory() -> None:
    searched = [Step("<search> paul boss </search>", "<information> x </information>")] * (TASK.max_steps - 1)
    assert TASK.respond(PROMPT, [], answer("cairo").text).done
    assert not TASK.respond(PROMPT, searched[:-1], "<search> paul boss </search>").done
    assert TASK.respond(PROMPT, searched, "<search> paul boss </search>").done
    assert TASK.respond(PROMPT, searched, "<think> hm </think>").done


def test_reward_schemes_grade_answer_and_format() -> None:
    exact, graded = TASK, MultihopTask(reward_scheme="tree_grpo")
    gold = TASK.gold(PROMPT)
    wrong = [*gold[:-1], answer("nowhere")]
    clumsy = [Step("<think> hm </think>", CORRECTION), *gold]
    clumsy_and_wrong = [*clumsy[:-1], answer("nowhere")]
    cases = [gold, wrong, clumsy, clumsy_and_wrong, gold[:-1]]
    assert [exact.reward(PROMPT, case) for case in cases] == [1.0, 0.0, 1.0, 0.0, 0.0]
    assert [graded.reward(PROMPT, case) for case in cases] == [1.0, 0.2, 0.8, 0.1, 0.0]


def test_parts_cover_thought_tool_call_and_answer() -> None:
    text = "<think> a </think> <search> b c </search>"
    assert [(text[span.start : span.end], span.part) for span in TASK.parts(text)] == [
        ("<think> a </think>", Part.THOUGHT),
        ("<search> b c </search>", Part.TOOL_CALL),
    ]
    assert [span.part for span in TASK.parts("<think> a </think> <answer> b </answer>")] == [Part.THOUGHT, Part.ANSWER]
    cut = "<think> a </think> <search> b"
    assert TASK.parts(cut)[-1] == (19, len(cut), Part.TOOL_CALL)


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ("how are you", "not a question this task understands; ask like 'where is the home"),
        ("who is the boss of zoe ?", "nobody is called 'zoe'; the known names are anna, ben"),
        ("who is the butler of paul ?", "nothing is known about 'butler'; relations are boss.* attributes are home"),
        ("who is the boss of the home of paul ?", "'home' has no boss, home or the like"),
        ("who is the boss of the boss of the boss of the boss of paul ?", "has 4 look-ups; ask for at most 3"),
    ],
)
def test_ask_refuses_with_what_is_allowed(question: str, message: str) -> None:
    with pytest.raises(TaskError, match=message):
        TASK.ask(question)


def test_questions_round_trip_and_the_held_out_quarter_is_separate() -> None:
    questions = all_questions()
    assert len({question.text for question in questions}) == len(questions)
    assert all(parse_question(question.text) == question for question in questions[::37])
    assert 0.2 < sum(question.held_out for question in questions) / len(questions) < 0.3


def test_prompts_are_held_out_and_mostly_of_several_look_ups() -> None:
    prompts = TASK.prompts(200, seed=3)
    asked = [Question(prompt.data["person"], tuple(prompt.data["words"])) for prompt in prompts]
    assert all(question.held_out for question in asked)
    hops = [len(question.words) for question in asked]
    assert hops.count(1) < hops.count(2) < hops.count(3)
