"""Bad commands: each is refused with exit code 2 and one line that names the file or the option, and leaves nothing."""

import gzip
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from jaxneuron.cli import _errors, main
from tests.models.test_pretrained import save, tensors
from tests.studies import tiny_imaginet

ROOT = Path(__file__).parents[1]

EXTRACT = "extract --model hf --data ok.txt --out new"
FIND = "find corpus --model imaginet --site visual/projection --units 0 --data ok.txt --out new"
GRADIENT = FIND.replace("corpus", "gumbel_softmax")
DECOMPOSE = "decompose correlation_clusters --model imaginet --site visual/gru --factors 3 --data ok.txt --out new"
LSTM = "train lstm --data ok.txt --out new"
TRANSFORMER = "train transformer --data ok.txt --out new"
IMAGINET = "train imaginet --out new"
POERNER = "study poerner2018 --preset demo --out new"
CONCEPTS = "study concepts --data ok.txt --model hf --out new"
ATTRIBUTION = "study attribution --data ok.txt --model hf --out new"
DNI = "study dni2018 --preset demo --out new"
FOLDERS = (LSTM, TRANSFORMER, IMAGINET, POERNER, CONCEPTS, ATTRIBUTION, DNI)

MODULE = """
import sys
answer = 7
def nothing(): return None
def broken(): return {}["key"]
def leaves(): sys.exit(0)
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder with models, texts and things that are neither."""
    here = tmp_path_factory.mktemp("bad")
    save(here / "hf", tensors())
    tiny_imaginet.store(here / "imaginet")
    for name in ("lstm", "transformer"):
        (here / name).mkdir()
        (here / name / "config.json").write_text(f'{{"architecture": "{name}", "config": {{}}}}')
    (here / "ok.txt").write_text("w1 w2 w3\nw4 w5\n")
    (here / "afile").write_text("text\n")
    (here / "empty.txt").write_text("")
    (here / "pictures").mkdir()
    (here / "pictures" / "a.txt").write_text("x\n")
    (here / "pictures" / "cat.png").write_text("x\n")
    (here / "emptydir").mkdir()
    (here / "store").mkdir()
    (here / "store" / "manifest.json").write_text("{}")
    (here / "damaged").mkdir()
    (here / "damaged" / "settings.json").write_text('{"preset": ')
    (here / "link").symlink_to("nowhere")
    for name, content in (("cut", '{"model_type": '), ("list", "[1]")):
        (here / name).mkdir()
        (here / name / "config.json").write_text(content)
    (here / "short.txt.gz").write_bytes(gzip.compress(b"word\n" * 1000)[:30])
    (here / "mine.py").write_text(MODULE)
    (here / "wrong.py").write_text("import nonsuch_module\n")
    (here / "syntax.py").write_text("def load(:\n")
    return here


@pytest.fixture
def refuse(here, monkeypatch, capsys):
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delenv("JAXNEURON_DATA", raising=False)

    def refuse(command, message):
        before = sorted(here.rglob("*"))
        with pytest.raises(SystemExit) as ended:
            main(shlex.split(command))
        err = capsys.readouterr().err
        assert ended.value.code == 2, err
        assert err.startswith("jaxneuron: ") and err.count("\n") == 1 and "Traceback" not in err, err
        assert "traceback is in" not in err and re.search(message, err), err
        assert sorted(here.rglob("*")) == before

    return refuse


def after(base, options):
    """Return cases: a command with one more option (the last one counts), and what must be said of it."""
    return [(f"{base} {option}", message) for option, message in options.items()]


RANGES = [
    *after(
        EXTRACT,
        {
            "--tokens -5": "--tokens.*from 0 to .*got -5",
            "--budget 0": "--budget.*from 1",
            "--budget -1": "--budget.*got -1",
            "--processes 0": "--processes.*from 1",
            "--process 3": "--process 3: of --processes 1, the last is 0",
            "--process -1": "--process.*got -1",
            "--processes 2 --coordinator nohost": "--coordinator 'nohost': expected host:port",
            "--processes 2 --coordinator host:99999": "--coordinator 'host:99999'",
            "--tokens many": "--tokens",
            "--how median": "--how.*first, last, mean, max, got 'median'",
            "--pool sum": "--pool.*cls, first, last, mean, max, got 'sum'",
            "--pool ''": "--pool.*got ''",
            "--dtype int8": "--dtype.*float32, float16, bfloat16, got 'int8'",
            "--precision float16": "--precision.*float32, bfloat16, got 'float16'",
            "--sites ''": "--sites ''.*empty",
            "--sites embed,,final": "--sites.*empty",
            "--sites embed,embed": "--sites.*'embed' is named twice",
            "--text-column ''": "--text-column is empty",
            "--split dev": "--split dev: --data ok.txt is a file and has no splits",
        },
    ),
    *after(
        FIND,
        {
            "--k 0": "--k.*greater than or equal to 1|--k.*not in the range",
            "--k -3": "--k.*greater than or equal to 1|--k.*not in the range",
            "--length 0": "--length.*from 1",
            "--length -2": "--length.*got -2",
            "--length 1.5": "--length",
            "--seed -1": "--seed.*from 0 to 4,294,967,295, got -1",
            "--seed 99999999999999999999": "--seed.*got 99999999999999999999",
            "--units -1": "--units '-1': expected numbers such as",
            "--units ''": "--units ''",
            "--units 0-": "--units '0-'",
            "--units 1,,2": "--units",
            "--units ²": "--units",
            "--units 5-3": "--units '5-3': 5-3 ends before it begins",
            "--units 1,2,1": "--units.*unit 1 is named twice",
            "--units 0-99999999999": "--units '0-99999999999': no site has so many units",
            "--units 99999999999": "--units.*no site has so many",
            "--units 99999999999999999999999": "--units",
        },
    ),
    *after(
        GRADIENT,
        {
            "--stepz 3": "No such option.*--stepz",
            "--steps -3": "--steps.*whole number from 0 .*got -3",
            "--steps many": "--steps.*integer",
            "--steps 2.5": "--steps",
            "--steps 99999999999": "--steps.*whole number",
            "--learning-rate NaN": "--learning-rate.*got nan",
            "--learning-rate Infinity": "--learning-rate.*got inf",
            "--learning-rate fast": "--learning-rate",
            "--restarts -1": "--restarts.*whole number from 0",
            "--temperature 1": "--temperature",
            "--temperature 1 a": "--temperature",
        },
    ),
    *after(
        DECOMPOSE,
        {
            "--factors -4": "--factors.*got -4",
            "--factors some": "--factors",
            "--most 0": "--most",
        },
    ),
    *after(
        LSTM,
        {
            "--epochs 0": "--epochs.*from 1 to .*got 0",
            "--epochs -1": "--epochs.*got -1",
            "--epochs 99999999999999999999": "--epochs",
            "--width 0": "--width.*from 1",
            "--width -5": "--width",
            "--width 99999999": "--width.*to 16,384",
            "--batch 0": "--batch.*from 1",
            "--batch 1e3": "--batch",
            "--learning-rate NaN": "--learning-rate.*above 0.*got nan",
            "--learning-rate -1": "--learning-rate.*above 0.*got -1",
            "--learning-rate 0": "--learning-rate.*above 0",
            "--learning-rate inf": "--learning-rate.*got inf",
            "--learning-rate 1e30": "--learning-rate.*up to 10",
            "--symbol byte": "--symbol.*character, word, got 'byte'",
            "--min-count 0": "--min-count.*from 1",
            "--text-column sentence": "--text-column and --label-column are for --symbol word",
            "--patience 0": "--patience.*from 1",
            "--window 0": "--window.*from 1",
            "--context -1": "--context.*from 0",
            "--layers 0": "--layers.*from 1",
            "--embedding -1": "--embedding.*from 0",
            "--seed -1": "--seed",
        },
    ),
    *after(
        TRANSFORMER,
        {
            "--width 10 --heads 3": "--width 10 can't be split into --heads 3; give a multiple of 3",
            "--width 6 --heads 2 --positions rotary": "--positions rotary.*a head has 3",
            "--blocks 0": "--blocks.*from 1",
            "--heads 0": "--heads.*from 1",
            "--positions absolute": "--positions.*learned, rotary, got 'absolute'",
            "--longest 0": "--longest.*from 2",
            "--longest -3": "--longest",
            "--learning-rate nan": "--learning-rate",
        },
    ),
    *after(
        IMAGINET,
        {
            "--gate relu": "--gate.*sigmoid, hard_sigmoid, steep_sigmoid, got 'relu'",
            "--reset never": "--reset.*before, after",
            "--candidate relu": "--candidate.*tanh, clipped_relu",
            "--initial one": "--initial.*zero, learned",
            "--losses both": "--losses.*weighted, sampled",
            "--units 0": "--units.*from 1",
            "--embedding 0": "--embedding.*from 1",
            "--textual-weight 2": "--textual-weight.*from 0 to 1, got 2",
            "--textual-weight nan": "--textual-weight.*got nan",
            "--learning-rate inf": "--learning-rate",
        },
    ),
    *after(
        POERNER,
        {
            "--preset nosuch": "--preset.*demo, small, paper, got 'nosuch'",
            "--preset smal": "did you mean 'small'",
            "--preset full": "--preset.*got 'full'",
            "--draw nosuch": "--draw.*unbiased, original",
            "--seed 4294967296": "--seed",
        },
    ),
    *after(CONCEPTS, {"--preset paper": "--preset.*demo, small, full", "--labels ''": "--labels ''.*empty"}),
    *after(CONCEPTS, {"--labels upos,,Number": "--labels", "--data ok.txt": "--data ok.txt is given twice"}),
    *after(ATTRIBUTION, {"--preset tiny": "--preset", "--data ./ok.txt": "--data ok.txt is given twice"}),
    *after(CONCEPTS, {"--text-column ''": "--text-column is empty", "--label-column ''": "--label-column is empty"}),
    *after(ATTRIBUTION, {"--text-column ''": "--text-column is empty", "--label-column ''": "--label-column is empty"}),
    *after(DNI, {"--language klingon": "--language.*parens, arithmetic, c, python", "--preset nosuch": "--preset"}),
    *after(DNI, {"--language c": "--language c needs --data", "--data ok.txt": "--language parens.*has no use"}),
]

FILES = [
    *[(f"{base} --out afile", "--out afile is a file; give the folder") for base in FOLDERS],
    *[(f"{base} --out afile/x", "--out afile/x: afile is a file, not a folder") for base in (*FOLDERS, EXTRACT, FIND)],
    *[(f"{base} --out pictures", r"--out pictures holds a.txt, cat.png, but nothing") for base in (*FOLDERS, EXTRACT)],
    *[(f"{base} --out link", "link is a link to nothing") for base in (LSTM, EXTRACT, FIND)],
    *[(f"{base} --out /proc/new", "--out /proc/new: nothing can be written in /proc") for base in (LSTM, FIND)],
    *[(f"{base} --out {'x' * 300}", "x+: File name too long") for base in (LSTM, EXTRACT, DECOMPOSE)],
    (f"{EXTRACT} --out afile", "--out afile is a file"),
    (f"{EXTRACT} --out .", "--out . is the current folder"),
    (f"{EXTRACT} --data pictures --split train,dev --out store", "--out store is a store; several splits"),
    (f"{EXTRACT} --data pictures --split train,dev --out pictures", "--out pictures holds"),
    (f"{FIND} --out pictures", "--out pictures holds a.txt, cat.png, but nothing"),
    (f"{DECOMPOSE} --out hf", "--out hf holds"),
    (f"{FIND} --out ok.txt", "--out ok.txt is a file"),
    (f"{DECOMPOSE} --out hf/config.json", "--out hf/config.json is a file"),
    (f"{FIND} --out /dev/null", "--out /dev/null is a file"),
    (f"{CONCEPTS} --out damaged", "damaged/settings.json is damaged"),
    (f"{EXTRACT} --data nosuch.txt", "--data nosuch.txt: no file or folder nosuch.txt; expected a text"),
    (f"{EXTRACT} --data short.txt.gz", "short.txt.gz .*cut short or damaged"),
    (f"{EXTRACT} --data empty.txt", "empty.txt"),
    (f"{EXTRACT} --data pictures --split ../hf", "--split '../hf': expected the name of a split"),
    (f"{EXTRACT} --data pictures --split dev,dev", "--split.*'dev' is named twice"),
    (f"{LSTM} --data nosuch", "--data nosuch: no file or folder nosuch"),
    (f"{TRANSFORMER} --data nosuch", "--data nosuch"),
    (f"{IMAGINET} --data nosuch", "--data nosuch: no file or folder nosuch; expected a folder of captions"),
    (f"{IMAGINET} --data ok.txt", "--data ok.txt is a file; expected a folder of captions"),
    (f"{FIND} --data nosuch", "--data nosuch: no file or folder nosuch; expected a text"),
    (f"{FIND} --data emptydir", "no text for 'train' in emptydir"),
    (f"{POERNER} --data nosuch", "--data nosuch"),
    (f"{DNI} --data nosuch", "--data nosuch.*source files"),
    (f"{CONCEPTS} --data nosuch", "--data nosuch"),
    (f"{ATTRIBUTION} --concept nosuch.txt", "--concept nosuch.txt"),
    ("report nosuch", "no results.json in nosuch"),
    ("report afile", "no results.json in afile"),
    ("report emptydir", "no results.json in emptydir"),
]

MODELS = [
    (f"{FIND} --model ./nosuch", "--model ./nosuch: no folder ./nosuch; expected a folder that `jaxneuron train`"),
    (f"{FIND} --model afile", "--model afile is a file"),
    (f"{FIND} --model emptydir", "--model emptydir: no config.json in emptydir; expected a folder that"),
    (f"{FIND} --model ''", "--model is empty"),
    (f"{FIND} --model :", "--model :: expected module:function"),
    (f"{FIND} --model os:", "--model os:: expected module:function"),
    (f"{FIND} --model :load", "--model :load: expected module:function"),
    (f"{FIND} --model a:b:c", "--model a:b:c: expected module:function"),
    (f"{FIND} --model nosuch_module:load", "could not import nosuch_module, ModuleNotFoundError.*current folder"),
    (f"{FIND} --model wrong:load", "could not import wrong, ModuleNotFoundError.*nonsuch_module.*wrong.py, line 1"),
    (f"{FIND} --model syntax:load", "could not import syntax, SyntaxError"),
    (f"{FIND} --model os:nosuch", "no function 'nosuch' in os"),
    (f"{FIND} --model os:sep", "no function 'sep' in os"),
    (f"{FIND} --model mine:answer", "no function 'answer' in mine"),
    (f"{FIND} --model os:getcwd", "the function returned str, without forward, params, vocabulary or tokenizer"),
    (f"{FIND} --model mine:nothing", "the function returned NoneType, without forward"),
    (f"{FIND} --model mine:broken", "the function failed, KeyError: 'key'.*mine.py, line 5"),
    (f"{FIND} --model mine:leaves", "the function failed, SystemExit"),
    (f"{FIND} --site visual/projektion", "no site 'visual/projektion'.*did you mean 'visual/projection'"),
    (f"{FIND} --units 0,67", "unit 67 is out of range: 'visual/projection' has the units 0 to 66"),
    (f"{FIND} --units 2147483000", "unit 2147483000 is out of range"),
    (f"{DECOMPOSE} --site nosuch", "no site 'nosuch' in this model"),
    (f"{DECOMPOSE} --factors 100000", "--factors 100000: 'visual/gru' has 10 units"),
    (f"{EXTRACT} --model ./nosuch", "--model ./nosuch: no folder ./nosuch; expected .*Hugging Face checkpoint"),
    (f"{EXTRACT} --model afile", "--model afile is a file"),
    (f"{EXTRACT} --model emptydir", "no config.json in emptydir"),
    (f"{EXTRACT} --model lstm", "no checkpoint in lstm: vocabulary.json is missing"),
    (f"{EXTRACT} --model lstm --head ForMaskedLM", "--head ForMaskedLM is for Hugging Face checkpoints"),
    (f"{EXTRACT} --head ForNothing", "the head of ForNothing is not supported"),
    (f"{EXTRACT} --model mine:nothing", "the function returned NoneType, without forward, params, vocabulary or tok"),
    (f"{EXTRACT} --model .", "--model .: no config.json in ., but in cut, hf, "),
    (f"{EXTRACT} --model transformer --precision bfloat16", "--precision bfloat16 is for Hugging Face checkpoints"),
    (f"{EXTRACT} --sites block9/residual", "no site 'block9/residual'"),
    (f"{EXTRACT} --model cut", "--model cut: config.json is damaged"),
    (f"{FIND} --model list", "--model list: config.json holds no JSON object"),
    (f"{POERNER} --model hf", "--model hf is a Hugging Face checkpoint; expected .*train imaginet"),
    (f"{POERNER} --model os:getcwd", "--model os:getcwd is a function; expected .*train imaginet"),
    (f"{CONCEPTS} --model ./nosuch", "--model ./nosuch: no folder"),
    (f"{CONCEPTS} --model lstm", "--model lstm holds a model of `jaxneuron train lstm`; expected .*train transformer"),
    (f"{CONCEPTS} --model ''", "--model is empty"),
    (f"{ATTRIBUTION} --model imaginet", "--model imaginet holds a model of `jaxneuron train imaginet`"),
]

USAGE = [
    ("fnd", "No such command 'fnd'.*jaxneuron --help"),
    ("train lsmt", "No such command 'lsmt'.*jaxneuron train --help"),
    ("study nosuch --out x", "No such command 'nosuch'"),
    ("find corpus", "Missing option '--model'.*find corpus --help"),
    ("find nosuch", "no method 'nosuch'; the methods are beam, best, .*jaxneuron find --help"),
    ("find gumbel_softmx", "did you mean 'gumbel_softmax'"),
    ("report", "(?i)Missing argument 'DIRECTORY'"),
    ("report a b", "unexpected extra argument"),
    (f"{LSTM} --epoch 3", "No such option: --epoch.*--epochs"),
    (f"{LSTM} --epochs", "--epochs.* requires an argument"),
    (f"{EXTRACT} --mesh 3", "unexpected extra argument"),
]


@pytest.mark.parametrize(("command", "message"), [*USAGE, *RANGES, *FILES, *MODELS], ids=lambda value: str(value)[:90])
def test_a_bad_command_is_refused(refuse, command, message):
    refuse(command, message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("--k 1000000 --length 2", "k is 1000000, but the text has . n-grams of 2 symbols; give more text"),
        ("--length 1000", "no text has 1000 symbols; give longer texts, or a smaller length"),
    ],
)
def test_more_than_the_text_has_is_refused(refuse, change, message):
    refuse(f"{FIND} {change}", message)


def test_a_wrong_environment_is_named(refuse, monkeypatch):
    monkeypatch.setenv("JAXNEURON_DATA", "nosuch")
    refuse(IMAGINET, r"\$JAXNEURON_DATA nosuch")


def test_options_and_files_are_refused_without_jax(here):
    commands = [command for command, _ in [*USAGE[:3], *RANGES[:40], *FILES[:30], *MODELS[:11]]]
    program = f"""
import shlex, sys
from jaxneuron.cli import main
for command in {commands!r}:
    try:
        main(shlex.split(command))
    except SystemExit as ended:
        assert ended.code == 2, command
    assert not {{"jax", "numpy", "scipy"}} & set(sys.modules), command
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=here,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'models'}", "PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(("argument", "code", "said"), [("--version", 0, "jaxneuron 0."), ("--help", 0, "decompose")])
def test_the_version_and_the_help_are_said(capsys, argument, code, said):
    with pytest.raises(SystemExit) as ended:
        main([argument])
    assert ended.value.code == code and said in capsys.readouterr().out


@pytest.mark.parametrize("command", [[], ["train"], ["study"]])
def test_without_a_command_the_help_is_all(capsys, command):
    with pytest.raises(SystemExit) as ended:
        main(command)
    said = capsys.readouterr()
    assert ended.value.code == 2 and "--help" in said.out + said.err and "jaxneuron:" not in said.err


def raised(error):
    try:
        raise error
    except Exception as caught:
        return caught


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (OSError(28, "No space left on device", "out/x"), 2, "out/x: No space left on device; make room"),
        (OSError(13, "Permission denied", "x"), 2, "x: Permission denied"),
        (MemoryError("Unable to allocate 9 TiB"), 2, "not enough memory .*smaller batch"),
        (RuntimeError("INTERNAL: Out of memory allocating 9 bytes"), 2, "not enough memory"),
        (ValueError("of\nanother library"), 2, "ValueError: of another library; the whole traceback is in"),
        (KeyError("config"), 2, "KeyError: config; the whole traceback is in"),
        (TypeError("not ours"), 1, "a fault of jaxneuron, please report it: TypeError: not ours; the whole traceback"),
    ],
)
def test_other_errors_say_where_the_traceback_is(error, code, message, monkeypatch, tmp_path):
    monkeypatch.setattr(_errors.tempfile, "tempdir", str(tmp_path))
    got, said = _errors.explain(raised(error))
    assert got == code and re.search(message, said), said
    kept = list(tmp_path.iterdir())
    assert bool(kept) == ("traceback" in message) and all("Traceback" in file.read_text() for file in kept)


@pytest.mark.parametrize(("error", "code"), [(EOFError("ended early"), 2), (TypeError("a fault"), 1)])
def test_what_nobody_foresaw_is_one_line_too(error, code, tmp_path, monkeypatch, capsys):
    def write(directory):
        raise error

    (tmp_path / "results.json").write_text("{}")
    monkeypatch.setattr(_errors.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("jaxneuron.studies.running.draw", write)
    with pytest.raises(SystemExit) as ended:
        main(["report", str(tmp_path)])
    said = capsys.readouterr().err
    assert ended.value.code == code and "\n" not in said.strip() and f"{error}; the whole traceback is in" in said
