"""Checks that need no compiler. Called by `run` with the name of one of them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = {".git", "target", "shared"}
LARGEST = 4 << 20  # bytes
RAW = {"tests/fixtures", "macros/tests", "fuzz/seeds", "fuzz/corpus", "fuzz/artifacts"}  # mistakes on purpose

WORKSPACES = [".", "adapters"]  # folders with a Cargo.lock of their own

faults = []


def fault(text):
    faults.append(text)


def files(*suffixes, under="."):
    for folder, folders, names in os.walk(ROOT / under):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        for name in sorted(names):
            path = Path(folder) / name
            if not suffixes or path.suffix in suffixes:
                yield path, path.relative_to(ROOT).as_posix()


def repository():
    """Text with plain line ends, nothing left over, nothing that belongs to one machine."""
    for path, name in files():
        if name.endswith((".snap.new", ".pending-snap", ".orig", ".rej", ".swp")):
            fault(f"{name}: left over")
        if path.stat().st_size > LARGEST:
            fault(f"{name}: larger than {LARGEST >> 20} MiB")
            continue
        if any(name.startswith(folder) for folder in RAW):
            continue
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:
            fault(f"{name}: not UTF-8 text")
            continue
        if "\r" in text:
            fault(f"{name}: has carriage returns")
        if text and not text.endswith("\n"):
            fault(f"{name}: does not end with a line end")
        for number, line in enumerate(text.splitlines(), 1):
            if re.match(r"(<{7}|>{7}|={7})( |$)", line):
                fault(f"{name}:{number}: a conflict marker")
            if line != line.rstrip() and path.suffix not in {".snap", ".jsonl"}:
                fault(f"{name}:{number}: blanks at the end of the line")
            if not name.startswith(".ci/"):
                if re.search(r"(?<![\w.])/(home|root|tmp|work|Users)/\w", line):
                    fault(f"{name}:{number}: a path of one machine")
                if re.search(r"\b(TODO|FIXME|XXX|dbg!)", line) and path.suffix != ".jsonl":
                    fault(f"{name}:{number}: unfinished")
    for name in ["LICENSE-MIT", "LICENSE-APACHE", "README.md", "CHANGELOG.md", "Cargo.lock", "adapters/Cargo.lock"]:
        if not (ROOT / name).is_file():
            fault(f"{name}: missing")


def architecture():
    """Who may name what (docs/architecture.md)."""
    # The two engines, what runs tapes in them, and the one call of the second that hands arrays over.
    engines = r"runtime/src/(sweep/|rows/|tape/|evaluate/rows\.rs)"
    compiler, every = "compiler/src", ("compiler/src", "macros/src", "runtime/src", "src")
    adapters = tuple(path.relative_to(ROOT).as_posix() for path in sorted(ROOT.glob("adapters/*/src")))
    rules = [
        ("quote", r"\bquote::|\bquote(_spanned)?!", [compiler], r"compiler/src/codegen/"),
        ("proc_macro2", r"\bproc_macro2::", [compiler], r"compiler/src/(codegen/|compile\.rs|text\.rs)"),
        ("syn", r"\bsyn::", [compiler], r"compiler/src/text\.rs"),
        ("prettyplease", r"\bprettyplease::", [compiler], r"compiler/src/text\.rs"),
        ("pest", r"\bpest(_derive)?::", [compiler], r"compiler/src/parser/"),
        ("annotate_snippets", r"\bannotate_snippets::", [compiler], r"compiler/src/render\.rs"),
        ("I/O or the environment", r"\bstd::(fs|env|net|process|io|time|thread)\b", [compiler], None),
        ("unsafe code", r"\bunsafe (\{|fn\b|impl\b|extern\b|trait\b)", every + adapters, engines),
        ("what lossdef keeps to itself", r"\b(__private|rows|sweep|tape|task|settings|declare)::", adapters, None),
        ("a loss by its name", r"\blosses::[A-Z]\w*[a-z]", adapters, None),
    ]
    for what, pattern, folders, allowed in rules:
        for folder in folders:
            for path, name in files(".rs", under=folder):
                for number, line in enumerate(path.read_text().splitlines(), 1):
                    code = line.split("//")[0]
                    if re.search(pattern, code) and not (allowed and re.match(allowed, name)):
                        fault(f"{name}:{number}: mentions {what}")
    for path, name in files(".rs", under="runtime/src"):
        if not re.match(engines, name):
            continue
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines, 1):
            # A comment above the statement that holds the block; clippy checks that it stands right there.
            if re.search(r"\bunsafe \{", line) and not any("SAFETY" in near for near in lines[max(0, number - 8) : number]):
                fault(f"{name}:{number}: an unsafe block that does not say why it is sound")
            # Clippy asks this of public functions only.
            if re.search(r"^\s*(pub(\(\w+\))? )?unsafe fn \w", line.replace("$", "")):
                above = number - 1
                while above and re.match(r"\s*(///|#\[|\$\(#|#!?\[|\))", lines[above - 1]):
                    above -= 1
                if not any("# Safety" in near for near in lines[above : number - 1]) and not in_unsafe_impl(lines, number):
                    fault(f"{name}:{number}: an unsafe function that does not say what it asks for")


def in_unsafe_impl(lines, number):
    """Whether a function implements one of a trait, which says it."""
    indent = len(lines[number - 1]) - len(lines[number - 1].lstrip())
    for line in reversed(lines[: number - 1]):
        inner = len(line) - len(line.lstrip()) >= indent
        if not inner and re.match(r"\s*(unsafe )?(impl|trait|mod|fn|pub|macro_rules!)", line):
            return re.match(r"\s*impl\b.* for ", line) is not None
    return False


def reference():
    """Every function and every diagnostic stands in the reference of the language."""
    text = (ROOT / "docs/language.md").read_text()
    for code, title in re.findall(r'"(L\d{4})" "([^"]+)"', (ROOT / "compiler/src/codes.rs").read_text()):
        if f"| `{code}` | {title} |" not in text:
            fault(f"docs/language.md: no row for {code} ({title})")
    names = set()
    for path, _ in files(".rs", under="compiler/src/functions"):
        for row in path.read_text().split("Row {"):
            # What only the compiler's own rewriting makes is nothing that a formula can call.
            if "Form::Internal" not in row:
                names.update(re.findall(r'(?:unary|piecewise)\(Function::\w+, "(\w+)"|name: "([a-z]\w*)"', row))
    for name in sorted({first or second for first, second in names} - {"and", "or", "not"}):
        if not re.search(rf"^\| (`x\^y`, )?`{name}\(", text, re.MULTILINE):
            fault(f"docs/language.md: no row for the function {name}")


def metadata_of(workspace, *options):
    command = ["cargo", "metadata", "--format-version", "1", "--locked", *options]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT / workspace).stdout)


def built(workspace):
    """Name and version of every package that is built for any target, test or feature."""
    command = ["cargo", "tree", "--workspace", "--all-features", "--target", "all", "--locked", "--prefix", "none"]
    tree = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT / workspace).stdout
    return {(words[0], words[1].removeprefix("v")) for words in map(str.split, tree.splitlines()) if len(words) > 1}


def msrv():
    """The declared version is the least that the code and its dependencies need.

    That the code uses nothing newer is clippy's to check (`incompatible_msrv`)."""
    metadata = metadata_of(".")
    newest = [("1.85", "edition 2024")]
    if any("avx512" in path.read_text() for path, _ in files(".rs", under="runtime/src")):
        newest.append(("1.89", "target_feature(enable = \"avx512…\")"))
    msrv_of("Cargo.toml", metadata, set(metadata["workspace_members"]), newest, "README.md")
    # Each adapter needs what its framework needs.
    metadata = metadata_of("adapters")
    for package in metadata["packages"]:
        if package["id"] in metadata["workspace_members"]:
            manifest = Path(package["manifest_path"])
            document = f"docs/{manifest.parent.name}.md"
            msrv_of(manifest.relative_to(ROOT), metadata, {package["id"]}, [("1.85", "edition 2024")], document)


def msrv_of(manifest, metadata, members, needs, document):
    packages = {package["id"]: package for package in metadata["packages"]}
    edges = {
        node["id"]: [dep["pkg"] for dep in node["deps"] if any(kind["kind"] is None for kind in dep["dep_kinds"])]
        for node in metadata["resolve"]["nodes"]
    }
    seen, stack = set(), list(members)
    while stack:
        package = stack.pop()
        if package not in seen:
            seen.add(package)
            stack.extend(edges[package])

    def version(text):
        return tuple((list(map(int, text.split("."))) + [0, 0])[:3])

    declared = {packages[member]["rust_version"] for member in members}
    if len(declared) != 1 or None in declared:
        fault(f"{manifest}: the packages declare different versions: {declared}")
        return
    (declared,) = declared
    needs = [(packages[p]["rust_version"] or "1.0", packages[p]["name"]) for p in sorted(seen - members)] + needs
    needed, reason = max(needs, key=lambda need: version(need[0]))
    print(f"{manifest}: declared {declared}; needed {needed}, by {reason}")
    if version(needed) != version(declared):
        fault(f"{manifest} declares {declared}, but {needed} is needed, by {reason}")
    if f"Rust {declared}" not in (ROOT / document).read_text():
        fault(f"{document} does not say that Rust {declared} is needed")


def licences():
    """Every dependency has a licence and a source that deny.toml allows. (`cargo deny` looks closer; see deep.)"""
    import tomllib

    deny = tomllib.loads((ROOT / "deny.toml").read_text())
    allowed, sources = set(deny["licenses"]["allow"]), set(deny["sources"]["allow-registry"])
    exceptions = {one["crate"]: set(one["allow"]) for one in deny["licenses"].get("exceptions", [])}
    packages = []
    for workspace in WORKSPACES:
        # Beside what is built, the metadata have what features would need that nothing enables.
        used = built(workspace)
        everything = metadata_of(workspace, "--all-features")["packages"]
        packages += [package for package in everything if (package["name"], package["version"]) in used]

    def fits(licence, allowed):
        """Whether one alternative has allowed parts only. Brackets around alternatives are taken apart."""
        licence = licence.replace("/", " OR ")
        if found := re.search(r"\(([^()]*)\)", licence):
            inside = "allowed" if fits(found[1], allowed) else "refused"
            return fits(licence[: found.start()] + inside + licence[found.end() :], allowed)
        parts = [[part.strip() for part in choice.split(" AND ")] for choice in licence.split(" OR ")]
        return any(all(part == "allowed" or part in allowed for part in choice) for choice in parts)

    seen = set()
    for package in packages:
        name, licence, source = f"{package['name']} {package['version']}", package["license"], package["source"]
        if not licence or not fits(licence, allowed | exceptions.get(package["name"], set())):
            fault(f"{name}: its licence is {licence or 'not given'}")
        if source and source.removeprefix("registry+") not in sources:
            fault(f"{name}: comes from {source}")
        seen.add(licence)
    for licence in sorted(allowed):
        if not any(licence in (other or "") for other in seen):
            fault(f"deny.toml allows {licence}, which no dependency has")


def snapshots():
    """The tests left no snapshot to review, and every snapshot of a diagnostic belongs to a fixture."""
    for _, name in files(".new", ".pending-snap"):
        fault(f"{name}: left by a test")
    fixtures = {path.name for path, _ in files(".def", under="tests/fixtures/fail")}
    stored = {path.name: name for path, name in files(".snap", under="tests/snapshots/diagnostics")}
    for file, name in stored.items():
        fixture = file.removesuffix(".snap").rpartition("@")[2]
        if fixture not in fixtures:
            fault(f"{name}: no fixture of this name")


if __name__ == "__main__":
    checks = {check.__name__: check for check in (repository, architecture, reference, msrv, licences, snapshots)}
    checks[sys.argv[1]]()
    for text in faults:
        print(text)
    print("ok" if not faults else f"{len(faults)} faults")
    sys.exit(bool(faults))
