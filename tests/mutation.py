"""Break the code at random places and see whether a test notices: mutation testing of the library's own modules.

    python tests/mutation.py map                          which tests call which functions (once; of new files again)
    python tests/mutation.py run --number 500 --seed 0    break the code 500 times, and run those tests each time
    python tests/mutation.py again tests/damcore/NEW.py   those that survived, with these tests first
    python tests/mutation.py report --number 500 --seed 0

A mutant is one change in the body of one function: a comparison, an operator, a number, a condition, a keyword that is
left out, a call that is not made. Drawn are `number` of all mutants there are. Messages of errors and annotations are
left alone, and so is where a tensor lives (`device=`), which only a GPU would notice. Each mutant lives in a child
process, in which the code of that function is replaced. The tests that call this function follow, quickest first,
until one fails. Before the first mutant these tests run once, so that no child compiles a loop of its own.
What is done is kept in `build/mutation/`, so a run that is stopped goes on. Mutants that no result
tells from the code are listed with the reason in `mutants.toml`.
"""

import argparse
import ast
import copy
import gc
import json
import math
import os
import random
import signal
import sys
import threading
import time
import tomllib
import types
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "damcore"
KEPT = ROOT / "build" / "mutation"
EQUIVALENT = Path(__file__).with_name("mutants.toml")
MODULES = [
    *(SOURCE / f"{name}.py" for name in ("interactions", "network", "scaling", "learning", "_training", "recall")),
    SOURCE / "_settling.py",
    *sorted((SOURCE / "numerics").glob("*.py")),
    *sorted((SOURCE / "capacity").glob("*.py")),
    SOURCE / "planning.py",
    SOURCE / "sweeps" / "store.py",
    SOURCE / "sweeps" / "files.py",
]
TESTS = ["tests/damcore"]
# Files of tests whose code runs in other processes, where no mutant is.
PROCESSES = ("test_executor.py", "test_command_line.py", "test_package.py", "test_own_experiment.py")
SECONDS = 150.0  # of tests a mutant has to survive, where so many call its function
PATIENCE = 30  # seconds a mutant may take beyond five times what its tests took unharmed

COMPARISONS = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
TWINS = [
    ("amax", "amin"),
    ("maximum", "minimum"),
    ("max", "min"),
    ("all", "any"),
    ("clamp_min", "clamp_max"),
    ("clamp_min_", "clamp_max_"),
    ("zeros_like", "ones_like"),
    ("floor", "ceil"),
]
OTHER = {a: b for pair in TWINS for a, b in (pair, pair[::-1])}


@dataclass(frozen=True)
class Mutant:
    """One change: of the `variant`-th kind at the `place`-th node of a function."""

    path: str
    function: str  # its qualified name
    place: int
    variant: int
    line: int  # of its statement
    before: str
    after: str

    @property
    def name(self) -> str:
        return f"{self.path}:{self.function}#{self.place}.{self.variant}: {self.before} -> {self.after}"


def changes(node: ast.AST) -> Iterator[Callable[[], object]]:
    """Every change of this node alone; each, when it is called, makes it in place."""
    match node:
        case ast.Compare(ops=operators):
            for index, operator in enumerate(operators):
                for other in COMPARISONS[type(operator)]:
                    yield lambda index=index, other=other: operators.__setitem__(index, other())
        case ast.BinOp(op=operator) | ast.AugAssign(op=operator) if type(operator) in OPERATORS:
            yield lambda: setattr(node, "op", OPERATORS[type(operator)]())
        case ast.BoolOp(op=operator):
            yield lambda: setattr(node, "op", ast.Or() if isinstance(operator, ast.And) else ast.And())
        case ast.Constant(value=bool(value)):
            yield lambda: setattr(node, "value", not value)
        case ast.Constant(value=int(value) | float(value)):
            yield lambda: setattr(node, "value", value + 1)
        case ast.If() | ast.IfExp() | ast.While():
            yield lambda: setattr(node, "test", ast.UnaryOp(ast.Not(), node.test))
        case ast.Break():
            yield lambda: setattr(node, "__class__", ast.Continue)
        case ast.Continue():
            yield lambda: setattr(node, "__class__", ast.Break)
        case ast.Attribute(value=owner, attr=name) if name in OTHER and not _is_field(owner, name):
            yield lambda: setattr(node, "attr", OTHER[name])
        case ast.Name(id="max" | "min" | "all" | "any" as name):
            yield lambda: setattr(node, "id", OTHER[name])
        case ast.Call(keywords=keywords):
            for index, keyword in enumerate(keywords):
                if keyword.arg and keyword.arg != "device":
                    yield lambda index=index: keywords.pop(index)
        case ast.Expr(value=ast.Call()):
            yield lambda: setattr(node, "value", ast.Constant(None))
    for field, below in ast.iter_fields(node):  # a sign or a `not` below it
        for index, each in enumerate(below if isinstance(below, list) else [below]):
            if isinstance(each, ast.UnaryOp) and not isinstance(each.operand, ast.Constant):
                if isinstance(below, list):
                    yield lambda below=below, index=index, each=each: below.__setitem__(index, each.operand)
                else:
                    yield lambda field=field, each=each: setattr(node, field, each.operand)


def nodes(function: ast.FunctionDef) -> Iterator[tuple[ast.AST, int]]:
    """What may be changed in a function, with the line where its statement begins.

    No message of an error, no annotation and no string is changed.
    """
    waiting: list[tuple[ast.AST, int]] = [(node, 0) for node in reversed(function.body)]
    while waiting:
        node, line = waiting.pop()
        line = node.lineno if isinstance(node, ast.stmt) else line
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.arguments | ast.ClassDef) or _refuses(node):
            continue
        yield node, line
        below = [
            (child, line)
            for field, value in ast.iter_fields(node)
            if field not in ("annotation", "returns", "decorator_list")
            for child in (value if isinstance(value, list) else [value])
            if isinstance(child, ast.AST)
        ]
        waiting += reversed(below)


def _is_field(owner: ast.AST, name: str) -> bool:
    """Whether this is no function of a library but a field called floor."""
    return name in ("floor", "ceil") and ast.unparse(owner) not in ("math", "torch", "np")


def _refuses(node: ast.AST) -> bool:
    call = node.value if isinstance(node, ast.Expr) else node
    name = call.func if isinstance(call, ast.Call) else None
    return isinstance(name, ast.Attribute) and name.attr == "refuse"


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    """Functions and methods with their qualified names; those inside of others belong to these."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from (
                (f"{node.name}.{inner.name}", inner) for inner in node.body if isinstance(inner, ast.FunctionDef)
            )


@cache
def parsed(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


def mutants() -> list[Mutant]:
    """All mutants of all modules, in the order of the source."""
    found = []
    for module in MODULES:
        path = str(module.relative_to(ROOT))
        for name, function in functions(parsed(path)):
            for place, (node, line) in enumerate(nodes(function)):
                for variant in range(len(list(changes(node)))):
                    changed = copy.deepcopy(node)
                    list(changes(changed))[variant]()
                    before, after = (_short(each) for each in (node, changed))
                    if before != after:
                        found.append(Mutant(path, name, place, variant, line, before, after))
    return found


def _short(node: ast.AST) -> str:
    """The first line of the source of a node; a block is its head."""
    return ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))).strip().splitlines()[0]


def drawn(number: int, seed: int) -> list[Mutant]:
    every = mutants()
    return random.Random(seed).sample(every, min(number, len(every)))


def code_of(mutant: Mutant) -> types.CodeType:
    """The changed function, compiled."""
    tree = copy.deepcopy(parsed(mutant.path))
    function = dict(functions(tree))[mutant.function]
    node, *_ = list(nodes(function))[mutant.place]
    list(changes(node))[mutant.variant]()
    whole = compile(ast.fix_missing_locations(tree), str(ROOT / mutant.path), "exec")
    return next(code for code in _codes(whole) if _is(code, mutant))


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _is(code: types.CodeType, mutant: Mutant) -> bool:
    if code.co_qualname != mutant.function or not code.co_filename.endswith(mutant.path):
        return False
    lines = [line for each in _codes(code) for *_, line in each.co_lines() if line]
    return min(lines) <= mutant.line <= max(lines)


def _outer(code: types.CodeType) -> str:
    """The function or method of a module that some code belongs to."""
    return code.co_qualname.split(".<locals>")[0]


class Mapping:
    """A pytest plugin that notes which functions of the modules each test calls, and how long it takes."""

    def __init__(self):
        self.ran: dict[str, dict] = {}
        self.bad: set[str] = set()
        self.files = {str(module): str(module.relative_to(ROOT)) for module in MODULES}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        called: set[types.CodeType] = set()

        def trace(frame, event, _):
            called.add(frame.f_code)  # and no line of it: that would take ten times as long

        started = time.perf_counter()
        threading.settrace(trace)
        sys.settrace(trace)
        try:
            yield
        finally:
            sys.settrace(None)
            threading.settrace(None)  # pyright: ignore[reportArgumentType]
        ours = {(self.files[code.co_filename], _outer(code)) for code in called if code.co_filename in self.files}
        self.ran[item.nodeid] = {"seconds": time.perf_counter() - started, "called": sorted(ours)}

    def pytest_runtest_logreport(self, report):
        if report.failed or report.skipped:
            self.bad.add(report.nodeid)

    def pytest_sessionfinish(self):
        for name in self.bad:
            self.ran.pop(name, None)
        KEPT.mkdir(parents=True, exist_ok=True)
        path = KEPT / "map.json"
        known = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps(known | self.ran))


class Running:
    """A pytest plugin that, in place of the tests, breaks the code again and again."""

    def __init__(self, chosen: list[Mutant], workers: int, seconds: float, first: list[str]):
        self.chosen, self.workers, self.seconds, self.first = chosen, workers, seconds, tuple(first)
        self.map = json.loads((KEPT / "map.json").read_text())

    def pytest_runtestloop(self, session) -> bool:
        items = {item.nodeid: item for item in session.items}
        done = outcomes()
        waiting = [mutant for mutant in self.chosen if mutant.name not in done]
        wanted = {test for mutant in waiting for test in self.tests_of(mutant, items)}
        self.warm([items[test] for test in self.map if test in wanted])
        live = [each for each in gc.get_objects() if type(each) is types.FunctionType]
        running: dict[int, tuple[Mutant, float, int, int]] = {}
        finished = len(self.chosen) - len(waiting)
        while waiting or running:
            while waiting and len(running) < self.workers:
                mutant = waiting.pop(0)
                tests = self.tests_of(mutant, items)
                seconds = sum(self.map[test]["seconds"] for test in tests)
                said, told = os.pipe()
                child = os.fork()
                if not child:
                    os._exit(self.killed(mutant, [items[test] for test in tests], live, told))
                os.close(told)
                running[child] = mutant, time.monotonic() + PATIENCE + 5 * seconds, len(tests), said
            time.sleep(0.02)
            for child, (mutant, limit, number, said) in list(running.items()):
                ended, status = os.waitpid(child, os.WNOHANG)
                late = not ended and time.monotonic() > limit
                if late:
                    os.killpg(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                if ended or late:
                    del running[child]
                    finished += 1
                    outcome = "late" if late else {0: "survived", 1: "killed", 2: "gone"}.get(status >> 8, "crashed")
                    with open(said) as file:
                        _keep(mutant, outcome, number, file.read())
                    if outcome not in ("killed", "late", "crashed"):
                        print(f"{finished}/{len(self.chosen)} {outcome} ({number} tests): {mutant.name}", flush=True)
        return True

    def warm(self, items: list) -> None:
        """Run tests as they are, with their output kept; one that fails now, or takes processes, is not used."""
        items = [item for item in items if item.path.name not in PROCESSES]
        started, good = time.monotonic(), set()
        for number, item in enumerate(items):
            reports = _run(item, items[number + 1] if number + 1 < len(items) else None)
            if all(report.passed for report in reports):
                good.add(item.nodeid)
            else:
                print(f"not used: {item.nodeid}", flush=True)
        for name in set(self.map) - good:
            del self.map[name]
        print(f"{len(good)} tests ran once in {time.monotonic() - started:.0f} s", flush=True)

    def tests_of(self, mutant: Mutant, items: dict) -> list[str]:
        """The tests that call the function, up to a time: those asked for, then those that noticed others in it."""
        noticed = Counter(row["by"] for row in _rows() if _place(row["name"]) == _place(mutant.name))
        ran = [
            (not test.startswith(self.first), -noticed[test], self.map[test]["seconds"], test)
            for test in items
            if test in self.map and [mutant.path, mutant.function] in self.map[test]["called"]
        ]
        taken, total = [], 0.0
        for *_, seconds, test in sorted(ran):
            if not taken or total + seconds <= self.seconds:
                taken.append(test)
                total += seconds
        return taken

    def killed(self, mutant: Mutant, items: list, live: list, told: int) -> int:
        """In a child: 1 where a test fails, which it tells, 0 where all pass, 2 where the function is not there."""
        os.setpgid(0, 0)
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        try:
            code, found = code_of(mutant), 0
            for function in live:
                if _is(function.__code__, mutant) and function.__code__.co_freevars == code.co_freevars:
                    function.__code__ = code
                    found += 1
            if not found:
                return 2
            for index, item in enumerate(items):
                following = items[index + 1] if index + 1 < len(items) else None
                reports = _run(item, following)
                if any(report.failed for report in reports):
                    os.write(told, item.nodeid.encode())
                    return 1
            return 0
        except BaseException:
            return 1


def _run(item, following) -> list:
    from _pytest.runner import runtestprotocol

    return runtestprotocol(item, log=False, nextitem=following)


def _keep(mutant: Mutant, outcome: str, number: int, test: str) -> None:
    with open(KEPT / "outcomes.jsonl", "a") as file:
        file.write(json.dumps({"name": mutant.name, "outcome": outcome, "tests": number, "by": test}) + "\n")


def _rows() -> list[dict]:
    path = KEPT / "outcomes.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def _place(name: str) -> str:
    """The function of a mutant."""
    return name.partition("#")[0]


def outcomes() -> dict[str, str]:
    """What became of each mutant so far; of two tries the later counts."""
    return {row["name"]: row["outcome"] for row in _rows()}


def report(chosen: list[Mutant]) -> int:
    """Print the score with its interval, and every survivor without a reason."""
    done = outcomes()
    counted = Counter(done.get(mutant.name, "not run") for mutant in chosen)
    survivors = [mutant for mutant in chosen if done.get(mutant.name) == "survived"]
    argued = [mutant for mutant in survivors if mutant.name in reasons()]
    n = sum(number for outcome, number in counted.items() if outcome not in ("not run", "gone")) - len(argued)
    k = n - (len(survivors) - len(argued))
    print(", ".join(f"{number} {outcome}" for outcome, number in counted.most_common()))
    print(f"{len(argued)} of the survivors are equivalent, by the reasons in {EQUIVALENT.name}.")
    least, most = wilson(k, n)
    print(f"{k} of {n} others were noticed: {k / n:.1%} (95 %: {least:.1%} to {most:.1%}).")
    for mutant in survivors:
        if mutant.name not in reasons():
            print(f"  line {mutant.line}, {mutant.name}")
    return int(len(argued) < len(survivors))


@cache
def reasons() -> dict[str, str]:
    """The name of each mutant that no result tells from the code, and why."""
    return tomllib.loads(EQUIVALENT.read_text())["equivalent"] if EQUIVALENT.exists() else {}


def wilson(k: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval for k of n."""
    middle, half = (k + z * z / 2) / (n + z * z), z / (n + z * z) * math.sqrt(k * (n - k) / n + z * z / 4)
    return middle - half, middle + half


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "what", choices=["map", "run", "again", "report", "list"], help="again: survivors without a reason"
    )
    parser.add_argument("tests", nargs="*", default=TESTS, help="to map, all by default; to run before the others")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of tests, as they were mapped, for a mutant")
    parser.add_argument("--number", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    if given.what == "map":
        return pytest.main([*given.tests, "-q", "-p", "no:cacheprovider"], plugins=[Mapping()])
    os.environ["OMP_NUM_THREADS"] = "1"  # of torch, whose threads no child has
    chosen = drawn(given.number, given.seed)
    match given.what:
        case "list":
            print(f"{len(chosen)} of {len(mutants())} mutants", *(mutant.name for mutant in chosen), sep="\n")
            return 0
        case "again":
            done = outcomes()
            survivors = {name for name, outcome in done.items() if outcome == "survived"} - {*reasons()}
            chosen = [mutant for mutant in chosen if mutant.name in survivors]
            kept = [row for row in _rows() if row["name"] not in survivors]
            (KEPT / "outcomes.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in kept))
        case "report":
            return report(chosen)
    running = Running(chosen, given.workers, given.seconds, given.tests)
    return pytest.main([*TESTS, "-q", "-p", "no:cacheprovider"], plugins=[running])


if __name__ == "__main__":
    sys.exit(main())
