//! What a user's `cargo` does: an error names the `.def` file and the line, the sound losses are there all the
//! same, an edit of the file alone builds the crate again, and arrays of the wrong type are told what they should be.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A crate of its own that depends on this one.
struct Project(PathBuf);

impl Project {
    fn new(name: &str, main: &str) -> Project {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(root.join("src"));
        let project = Project(root);
        let here = env!("CARGO_MANIFEST_DIR").replace('\\', "/");
        project.write(
            "Cargo.toml",
            &format!(
                "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
                 [dependencies]\nlossdef = {{ path = \"{here}\" }}\nndarray = \"0.17\"\n"
            ),
        );
        // The same versions of everything, so that nothing has to be fetched.
        let lock = std::fs::read_to_string(Path::new(&here).join("Cargo.lock")).expect("a lock file");
        project.write("Cargo.lock", &lock);
        project.write("src/main.rs", main);
        project
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder of a file");
        std::fs::write(path, text).expect("a file");
    }

    fn cargo(&self, command: &str) -> Output {
        Command::new(env!("CARGO"))
            .args([command, "--quiet", "--offline", "--color", "never"])
            .current_dir(&self.0)
            // One folder for all projects: what they depend on is built once.
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("built"))
            .env_remove("RUSTFLAGS")
            .output()
            .expect("cargo runs")
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn mistakes_are_shown_at_their_line_and_edits_build_again() {
    let project = Project::new(
        "user",
        "lossdef::losses! { \"my.def\" }\nfn main() {\n    let x = ndarray::array![3.0];\n    \
         println!(\"{}\", Good::new().forward(&x).unwrap());\n}\n",
    );
    project.write("my.def", "loss good(x) = x^2\n\nloss bad(input, target) = input - taget\n");
    let output = project.cargo("check");
    let text = errors(&output);
    assert!(!output.status.success(), "{text}");
    for part in ["unknown name `taget`", "my.def:3:35", "did you mean `target`?", "src/main.rs:1"] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
    assert!(!text.contains("Good"), "the sound loss is missing:\n{text}");

    project.write("my.def", "loss good(x) = x^2\nloss fine(x, y) = x\n");
    let output = project.cargo("run");
    let text = errors(&output);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "9\n", "{text}");
    for part in ["warning", "input `y` is never used", "my.def:2:14"] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }

    project.write("my.def", "loss good(x) = x^3\n");
    let output = project.cargo("run");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "27\n", "{}", errors(&output));
}

/// Functions that call a loss with what it does not take.
const MISTAKEN: &str = "
use lossdef::losses::*;
use ndarray::{Array1, Array2};
fn swapped(x: &Array2<f32>, y: &Array1<u8>) { let _ = CrossEntropy::new().forward(y, x); }
fn real_labels(x: &Array2<f64>, y: &Array1<f64>) { let _ = CrossEntropy::new().forward(x, y); }
fn whole_numbers(x: &Array1<i32>) { let _ = Mse::new().forward(x, x); }
fn any_loss<L: lossdef::Loss>(_: L) {}
fn typed() { any_loss(Mse::new()); }
fn main() {}
";

#[test]
fn arrays_of_the_wrong_type_are_told_what_they_should_be() {
    let text = errors(&Project::new("mistaken", MISTAKEN).cargo("check"));
    for part in [
        "error[E0277]: `u8` is no element type of real inputs",
        "error[E0277]: `f32` is no element type of labels",
        "error[E0277]: `f64` is no element type of labels",
        "error[E0277]: `i32` is no element type of real inputs",
        "real inputs are arrays of `f32` or `f64`",
        "labels are arrays of `i64`, `i32`, `i16`",
        "did you swap two inputs, as `input` and `target`?",
        "`lossdef::losses::Mse` is no loss that is called by the names of its inputs",
        "takes `&dyn lossdef::Loss`, which `Mse::dynamic()`",
        "takes a closure",
    ] {
        assert!(text.contains(part), "no {part} in:\n{text}");
    }
    // Nothing that users cannot name.
    for part in ["__private", "::rows::"] {
        assert!(!text.contains(part), "{part} in:\n{text}");
    }
}

/// Lines that end as on other systems, and a mark at the beginning, change nothing: neither the numbers, nor what is
/// known of a loss, nor the line of a mistake.
#[test]
fn files_of_other_systems_are_the_same() {
    let text = "/// Text,\n/// and more.\nloss first(x, t; a in (0, inf) = 2) = log(1 + exp(a * d))\n    where d = x - t\n\n\
                // A comment.\nloss second(x[.., c], y: index c) =\n    -log(p[y])\n    where p[c] = softmax[c](x)\n";
    let main = r#"
        use ndarray::array;
        mod plain { lossdef::losses! { "plain.def" } }
        mod marked { lossdef::losses! { "marked.def" } }
        mod lines { lossdef::losses! { "lines.def" } }
        mod both { lossdef::losses! { "both.def" } }
        macro_rules! results {
            ($from:ident) => {{
                let (x, t) = (array![0.5, -1.25, 800.0], array![0.25, 1.5, -3.0]);
                let (rows, labels) = (array![[0.5, 2.0], [1e-9, -40.0]], array![1, 0]);
                let specs: Vec<String> = $from::CATALOGUE.iter().map(|loss| format!("{:?}", loss.spec())).collect();
                let first = $from::First::new().forward_backward(&x, &t).unwrap();
                (specs, first, $from::Second::new().forward_backward(&rows, &labels).unwrap())
            }};
        }
        fn main() {
            let plain = results!(plain);
            assert!(plain.1.0 > 0.0 && plain.0[0].contains("and more"), "{plain:?}");
            assert_eq!(plain, results!(marked));
            assert_eq!(plain, results!(lines));
            assert_eq!(plain, results!(both));
        }
    "#;
    let project = Project::new("systems", main);
    let lines = text.replace('\n', "\r\n");
    project.write("plain.def", text);
    project.write("marked.def", &format!("\u{feff}{text}"));
    project.write("lines.def", &lines);
    project.write("both.def", &format!("\u{feff}{lines}"));
    let output = project.cargo("run");
    assert!(output.status.success(), "{}", errors(&output));

    project.write("both.def", &format!("\u{feff}{lines}loss third(x) = y\r\n"));
    let text = errors(&project.cargo("check"));
    assert!(text.contains("both.def:10:17"), "{text}");
}
