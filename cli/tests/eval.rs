//! `lossdef eval` on files: values, gradients, and what is wrong with a file or a call.

use assert_cmd::Command;
use npyz::{NpyFile, WriterBuilder};
use std::fs;
use std::path::Path;
use std::process::Output;

fn eval(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::cargo_bin("lossdef").expect("the program");
    command.current_dir(folder).arg("eval").args(arguments).output().expect("an end")
}

/// A `.npy` file.
fn write<T: npyz::AutoSerialize + Copy>(path: &Path, shape: &[u64], data: &[T]) {
    let file = fs::File::create(path).expect("a file");
    let mut writer =
        npyz::WriteOptions::new().default_dtype().shape(shape).writer(file).begin_nd().expect("a head");
    writer.extend(data.iter().copied()).expect("elements");
    writer.finish().expect("an end");
}

fn number(output: &Output, name: &str) -> f64 {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    answer[name].as_f64().expect("a number")
}

fn misuse(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).expect("text")
}

#[test]
fn value_and_gradient_of_a_formula() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(&folder.join("x.npy"), &[3], &[1.0_f64, 3.0, 5.0]);
    write(&folder.join("t.npy"), &[3], &[0.0_f64, 1.0, 2.0]);
    let call = ["--input", "x=x.npy", "--input", "t=t.npy", "--format", "json"];
    let formula = ["--formula", "loss f(x, t; a = 1) = a * (x - t)^2"];
    // By hand: 1, 4 and 9 are 14, and twice the differences the gradient.
    assert_eq!(
        number(&eval(folder, &[&call[..], &formula, &["--reduction", "sum"]].concat()), "value"),
        14.0
    );
    assert_eq!(number(&eval(folder, &[&call[..], &formula, &["--set", "a=3"]].concat()), "value"), 14.0);
    let more = ["--reduction", "sum", "--grad", "x", "--out", "out.npz"];
    assert!(eval(folder, &[&call[..], &formula, &more].concat()).status.success());
    let mut archive =
        zip::ZipArchive::new(fs::File::open(folder.join("out.npz")).expect("a file")).expect("npz");
    let member = archive.by_name("grad_x.npy").expect("the gradient");
    let gradient: Vec<f64> = NpyFile::new(member).expect("npy").into_vec().expect("numbers");
    assert_eq!(gradient, [2.0, 4.0, 6.0]);
    // What was written can be read again.
    let again = eval(folder, &["--inputs", "out.npz", "--formula", "loss g(value) = value"]);
    assert!(misuse(&again).contains("no input `grad_x`"));
}

#[test]
fn labels_of_any_width_and_safetensors() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let logits = [0.0_f32, 0.0, 0.0, 0.0];
    write(&folder.join("input.npy"), &[2, 2], &logits);
    write(&folder.join("y8.npy"), &[2], &[0_i8, 1]);
    write(&folder.join("y64.npy"), &[2], &[0_i64, 1]);
    for labels in ["target=y8.npy", "target=y64.npy"] {
        let arguments =
            ["cross_entropy", "--input", "input=input.npy", "--input", labels, "--format", "json"];
        let value = number(&eval(folder, &arguments), "value");
        assert!((value - std::f64::consts::LN_2).abs() < 1e-6, "{value}");
    }
    let bytes: Vec<u8> = [1.0_f32, 2.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    let view =
        || safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![2], &bytes).expect("a tensor");
    let file = safetensors::serialize([("input", view()), ("target", view())], None).expect("bytes");
    fs::write(folder.join("a.safetensors"), file).expect("a file");
    assert_eq!(
        number(&eval(folder, &["mse", "--inputs", "a.safetensors", "--format", "json"]), "value"),
        0.0
    );
}

#[test]
fn broken_files_and_calls_get_a_clear_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(&folder.join("x.npy"), &[2], &[1.0_f32, 2.0]);
    write(&folder.join("long.npy"), &[3], &[1.0_f32, 2.0, 3.0]);
    write(&folder.join("double.npy"), &[2], &[1.0_f64, 2.0]);
    let bytes = fs::read(folder.join("x.npy")).expect("bytes");
    fs::write(folder.join("cut.npy"), &bytes[..bytes.len() - 2]).expect("a file");
    fs::write(folder.join("empty.npy"), "").expect("a file");
    fs::write(folder.join("empty.npz"), "").expect("a file");
    let with = |target: &str| misuse(&eval(folder, &["mse", "--input", "input=x.npy", "--input", target]));
    assert!(with("target=cut.npy").contains("cut off after 1 elements"));
    assert!(with("target=empty.npy").contains("empty.npy: "));
    assert!(with("target=missing.npy").contains("missing.npy: No such file"));
    assert!(with("target=long.npy").contains("shape"));
    assert!(with("target=double.npy").contains("f64"));
    assert!(with("targte=x.npy").contains("did you mean `target`?"));
    assert!(with("target").contains("is not NAME=VALUE"));
    assert!(misuse(&eval(folder, &["mse", "--inputs", "empty.npz"])).contains("empty.npz: "));
    assert!(misuse(&eval(folder, &["mse", "--inputs", "x.npy"])).contains("neither .npz nor .safetensors"));
    assert!(misuse(&eval(folder, &["mse", "--input", "input=x.npy"])).contains("target"));
    let set = ["huber", "--input", "input=x.npy", "--input", "target=x.npy", "--set", "delta=-1"];
    assert!(misuse(&eval(folder, &set)).contains("delta"));
}
