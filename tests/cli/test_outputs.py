"""What the program of a stack said, found in its state."""

from cli.outputs import stack_outputs


def test_the_outputs_are_those_of_the_stack_alone() -> None:
    stack = {"type": "pulumi:pulumi:Stack", "outputs": {"promises": {"main": {}}}}
    other = {"type": "docker:index/service:Service", "outputs": {"id": "a"}}
    assert stack_outputs([other, stack]) == {"promises": {"main": {}}}


def test_a_program_that_never_ended_said_nothing() -> None:
    assert stack_outputs([]) == {}
    assert stack_outputs([{"type": "pulumi:pulumi:Stack"}]) == {}
