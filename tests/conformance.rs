//! The conformance corpus: what PyTorch computes, against what we compute.
//!
//! Every case runs through the typed structs and through the object-safe trait, in float64 and in float32. A
//! case that we answer otherwise than torch stands in `conformance/differences.json` with the reason and our
//! numbers; nothing else may differ, and nothing in that list may agree. `conformance/README.md` describes the
//! corpus. That the formulas themselves are torch's is tested in `formulas.rs`.

mod corpus;
mod ours;

use corpus::Case;
use corpus::call::{Call, Reduction};
use corpus::judge::Precision;
use corpus::report::{Outcome, run};
use lossdef::Error;
use ndarray::Array1;
use ours::{Way, by_trait, by_type, in_pieces};

/// Calls that torch rejects and we accept, with the reason.
const ACCEPTED: [(&str, &str); 4] = [
    ("huber_loss-err-7d4b6283bd37", "a weight of shape [4] broadcasts to samples of shape [3, 4]"),
    ("l1_loss-err-9b6f5f44a336", "a weight of shape [4] broadcasts to samples of shape [3, 4]"),
    ("mse_loss-err-36e269ab5aa1", "a weight of shape [4] broadcasts to samples of shape [3, 4]"),
    ("multilabel_margin_loss-err-c3614c59ce6a", "no classes are as good as any number of them"),
];

#[test]
fn typed_in_float64() {
    run("typed calls, float64", Precision::Double, |case, call| {
        ours(case, call, by_type::answer::<f64, i64>)
    });
}

#[test]
fn typed_in_float32() {
    run("typed calls, float32", Precision::Single, |case, call| {
        ours(case, call, by_type::answer::<f32, i32>)
    });
}

#[test]
fn by_name_in_float64() {
    run("calls by name, float64", Precision::Double, |case, call| ours(case, call, by_trait::answer::<f64>));
}

#[test]
fn by_name_in_float32() {
    run("calls by name, float32", Precision::Single, |case, call| ours(case, call, by_trait::answer::<f32>));
}

/// Runs a case through our code. A call whose required inputs differ in shape must be refused as it stands;
/// what counts then is the call on inputs that the caller has repeated.
fn ours(case: &Case, call: &Call, way: Way) -> Outcome {
    if corpus::pieces::pieces(call).iter().any(|piece| piece.call.aligned().repeated) {
        match way(call, &call.as_given()) {
            Ok(_) => return Outcome::Done(Err("shapes differ, but the call is accepted".into())),
            Err(error) => {
                let text = error.to_string();
                let shapes = call.inputs.values().map(|tensor| format!("{:?}", tensor.shape));
                let named =
                    shapes.filter(|shape| text.contains(shape)).collect::<std::collections::BTreeSet<_>>();
                assert!(named.len() >= 2, "{}: the error does not name two shapes: {text}", case.id);
            }
        }
    }
    Outcome::Done(in_pieces::answer(call, way).map_err(|error| error.to_string()))
}

/// Whether an input that holds labels is given numbers of a floating type.
fn floating_labels(call: &Call, name: &str) -> bool {
    corpus::losses::input(call.loss, name).labels && call.inputs[name].dtype.starts_with("float")
}

/// A call that torch rejects is an error of the same kind here, unless we accept it on purpose.
#[test]
fn rejected_calls() {
    let (mut refused, mut unspeakable, mut accepted) = (0, 0, Vec::new());
    for case in corpus::rejected() {
        let call = match Call::new(&case.loss, &case.params, &case.inputs, vec![1.0]) {
            Ok(call) => call,
            Err(error) => {
                // Our reductions are types and an enum: there is no way to write a wrong one. Nor do losses with
                // probabilities as targets have an index to ignore.
                let prevented =
                    case.error.kind == "invalid_reduction" || error.contains("takes no ignore_index");
                assert!(prevented, "{}: {error}", case.id);
                unspeakable += 1;
                continue;
            }
        };
        // Labels of a floating type do not compile, and by name they are refused.
        if let Some(name) = call.inputs.keys().find(|name| floating_labels(&call, name)) {
            let labels = Array1::from(call.inputs[name].numbers());
            let loss = lossdef::losses::CATALOGUE.get(call.loss).expect("a loss of ours");
            let error = loss.call().input(name, &labels).evaluate().expect_err("labels of a floating type");
            assert!(matches!(error, Error::ElementType { .. }), "{}: {error}", case.id);
            unspeakable += 1;
            continue;
        }
        // In a foreign corpus the reason of the list decides, without the ids.
        let listed = ACCEPTED.iter().any(|(id, _)| *id == case.id);
        let on_purpose = listed
            || (corpus::foreign().is_some() && case.error.kind == "shape_mismatch" && call.as_given().fits())
            // Every loss of ours can be divided by the size of its first sample axis.
            || (case.error.kind == "invalid_reduction" && call.reduction == Reduction::BatchMean);
        for way in [
            by_type::answer::<f64, i64> as Way,
            by_type::answer::<f32, i32>,
            by_trait::answer::<f64>,
            by_trait::answer::<f32>,
        ] {
            match way(&call, &call.as_given()) {
                Ok(_) => assert!(on_purpose, "{} ({}) is accepted", case.id, case.desc),
                Err(error) => {
                    assert!(!on_purpose, "{} is listed as accepted, but: {error}", case.id);
                    let fits = match case.error.kind.as_str() {
                        // A target of a wrong type is, to us, the target of another loss in a wrong shape.
                        "shape_mismatch" | "dtype" => matches!(
                            error,
                            Error::Shape { .. }
                                | Error::NotBroadcastable { .. }
                                | Error::Rank { .. }
                                | Error::AxisSize { .. }
                                | Error::NotBroadcastableTo { .. }
                                | Error::AxisPlace { .. }
                        ),
                        "index_out_of_bounds" => matches!(error, Error::Label { .. }),
                        "value_out_of_range" => matches!(error, Error::Domain { .. }),
                        "invalid_param" => matches!(error, Error::Parameter { .. }),
                        other => panic!("{}: unknown kind `{other}`", case.id),
                    };
                    assert!(fits, "{} is a {}, but we say: {error}", case.id, case.error.kind);
                    assert!(error.to_string().starts_with(call.loss), "the error names the loss: {error}");
                }
            }
        }
        if on_purpose { accepted.push(case.id) } else { refused += 1 }
    }
    println!("rejected calls: {refused} refused, {unspeakable} cannot be written, accepted on purpose:");
    for id in accepted {
        let reason = ACCEPTED.iter().find(|(listed, _)| *listed == id).map(|(_, reason)| *reason);
        println!("    {id}: {}", reason.unwrap_or("a rule of the test"));
    }
}
