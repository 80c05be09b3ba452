//! Instruction sets: the test program runs again, held to another set, and what it finds there is compared.

use std::path::{Path, PathBuf};
use std::process::Command;

use lossdef_runtime::instruction_set;

use super::plans::facts;
use super::{Exact, WAYS};

/// Names a file: then results are written to it. `LOSSDEF_ISA=avx2 LOSSDEF_RESULTS=there cargo test --test determinism`
pub const WRITE: &str = "LOSSDEF_RESULTS";
/// Names a file with results, perhaps of another machine, to be compared with those of this one.
pub const READ: &str = "LOSSDEF_COMPARE";

/// An array of results: of which loss, what it is, and its bits. All NaN are one.
struct Results {
    loss: &'static str,
    what: String,
    single: bool,
    numbers: Vec<f64>,
}

fn all(calls: &[Exact]) -> Vec<Results> {
    let mut all = Vec::new();
    for call in calls {
        for way in WAYS {
            for (name, array) in call.results(way) {
                all.push(Results {
                    loss: call.loss.spec().name,
                    what: format!("{name}, {way:?}, {}", if call.single { "f32" } else { "f64" }),
                    single: call.single,
                    numbers: array.to_f64().iter().map(|x| if x.is_nan() { f64::NAN } else { *x }).collect(),
                });
            }
        }
    }
    all
}

/// Writes all results, where a file is named for them: the name of the set, a line end, and all bits.
pub fn write(calls: &[Exact]) {
    let Some(path) = std::env::var_os(WRITE) else { return };
    let mut bytes = format!("{}\n", instruction_set()).into_bytes();
    for results in all(calls) {
        bytes.extend(results.numbers.iter().flat_map(|x| x.to_bits().to_le_bytes()));
    }
    std::fs::write(path, bytes).expect("a file for the results");
}

/// Reads the name of the set and all numbers.
fn read(path: &Path) -> (String, Vec<f64>) {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let end = bytes.iter().position(|byte| *byte == b'\n').expect("a line with the name of the set");
    let name = String::from_utf8(bytes[..end].to_vec()).expect("the name of a set");
    let numbers = bytes[end + 1..].as_chunks::<8>().0;
    (name, numbers.iter().map(|bits| f64::from_bits(u64::from_le_bytes(*bits))).collect())
}

/// Runs a test of this program, which calls [`write`], held to a set.
fn held(test: &str, set: &str) -> (String, Vec<f64>) {
    let program = std::env::current_exe().expect("this program");
    let name = program.file_name().expect("its name").to_string_lossy().into_owned();
    let path =
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{}.{set}", std::process::id()));
    let mut command = Command::new(program);
    command.args(["--exact", test]).env("LOSSDEF_ISA", set).env(WRITE, &path).env_remove(READ);
    let output = command.output().expect("this program once more");
    assert!(output.status.success(), "{set}: {}", String::from_utf8_lossy(&output.stdout));
    let found = read(&path);
    std::fs::remove_file(&path).expect("the file that was read");
    found
}

/// Compares the results of all sets that this CPU has, which the named test writes.
pub fn compare(calls: &[Exact], test: &str) {
    let here = all(calls);
    let mut seen = Vec::new();
    for set in ["baseline", "avx2", "avx512"] {
        let (name, numbers) = held(test, set);
        // A set that the CPU lacks is the best one that it has, which was here before.
        if seen.contains(&name) {
            continue;
        }
        assert_eq!(name, set);
        same(&here, &name, &numbers, false);
        seen.push(name);
    }
    #[cfg(target_arch = "x86_64")]
    {
        assert_eq!(
            seen.contains(&"avx2".into()),
            is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
        );
        assert_eq!(
            seen.contains(&"avx512".into()),
            is_x86_feature_detected!("avx512vl") && is_x86_feature_detected!("fma")
        );
    }
}

/// Compares results with those of another machine, where a file with them is named.
pub fn compare_with_another(calls: &[Exact]) {
    if let Some(path) = std::env::var_os(READ) {
        let (name, numbers) = read(Path::new(&path));
        same(&all(calls), &name, &numbers, true);
    }
}

/// Sets with fused multiply-add give the same bits; where one has none, the last digits differ. So do those of
/// products of matrices on another machine, whose CPU may have another set for them.
fn same(here: &[Results], name: &str, numbers: &[f64], elsewhere: bool) {
    assert_eq!(numbers.len(), here.iter().map(|results| results.numbers.len()).sum::<usize>());
    let fused = |set: &str| set != "baseline" || cfg!(target_arch = "aarch64");
    let alike = fused(name) == fused(instruction_set());
    let (mut rest, mut others) = (numbers, 0);
    for Results { loss, what, single, numbers } in here {
        let (own, behind) = rest.split_at(numbers.len());
        rest = behind;
        let exact = alike && !(elsewhere && facts(loss).contracts);
        let largest = numbers.iter().filter(|x| x.is_finite()).fold(0f64, |most, x| most.max(x.abs()));
        let room = if exact { 0.0 } else { largest * if *single { 2e-5 } else { 4e-14 } };
        for (at, (x, y)) in numbers.iter().zip(own).enumerate() {
            let equal = x.to_bits() == y.to_bits();
            others += usize::from(!equal);
            let close = equal || !exact && (x - y).abs() <= room;
            assert!(close, "{loss}: {what}[{at}] is {x:e}, but {y:e} with {name}");
        }
    }
    println!("{} and {name}: {others} of {} numbers differ", instruction_set(), numbers.len());
    // Where nothing at all differed, the variable would hold nothing.
    assert!(alike || others > 0, "{name} gives the bits of {}", instruction_set());
}
