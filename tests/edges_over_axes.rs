//! Calls over named axes at their edges: samples that are all left out, axes without positions, shapes that do not
//! fit, labels out of range. Each is answered or refused with the right error, and none panics.

mod given;
mod oracle;

use std::collections::BTreeMap;

use given::How;
use given::points::{losses, scattered, sizes};
use lossdef::spec::{AxisSpec, Role};
use lossdef::{Error, ReductionKind};
use ndarray::{ArrayD, IxDyn};

#[test]
fn what_is_left_out_counts_nothing() {
    for loss in losses() {
        let name = loss.spec().name;
        if !loss.spec().parameters.iter().any(|parameter| parameter.name == "ignore_index") {
            continue;
        }
        let mut call = scattered(loss, &[5], &[4, 3], 1);
        call.parameters.insert("ignore_index", -7.0);
        let samples = |array: &mut ArrayD<f64>, x: f64| array.fill(x);
        samples(call.inputs.get_mut("target").expect("labels"), -7.0);
        samples(call.inputs.get_mut("input").expect("numbers"), f64::NAN);
        let none = call.evaluate(&How::plain(ReductionKind::None, vec![f64::NAN; 5])).expect(name);
        assert!(none.value.iter().all(|x| *x == 0.0), "{name}: {:?}", none.value);
        assert!(none.gradients.values().flatten().all(|x| *x == 0.0), "{name}: {:?}", none.gradients);
        let mean = call.evaluate(&How::plain(ReductionKind::Mean, vec![1.0])).expect(name);
        assert!(mean.value.iter().all(|x| x.is_nan()), "{name}: {:?}", mean.value);
        assert!(mean.gradients.values().flatten().all(|x| *x == 0.0), "{name}: {:?}", mean.gradients);
    }
}

#[test]
fn nothing_is_no_panic() {
    for loss in losses() {
        let name = loss.spec().name;
        for (samples, named) in
            [(&[0][..], [3, 3]), (&[3], [0, 3]), (&[3], [3, 0]), (&[3], [0, 0]), (&[0], [0, 0])]
        {
            let mut call = scattered(loss, samples, &[3, 3], 1);
            let sizes = sizes(loss, samples, &named);
            for (input, array) in &mut call.inputs {
                let spec = loss.spec().inputs.iter().find(|own| own.name == *input).expect("an input");
                let shape: Vec<usize> =
                    spec.axes.iter().flat_map(|axis| sizes[axis.name()].clone()).collect();
                *array = ArrayD::from_elem(IxDyn(&shape), 0.5);
            }
            for reduction in [ReductionKind::Mean, ReductionKind::Sum, ReductionKind::None] {
                let count: usize = call.samples().iter().product();
                let count = if reduction == ReductionKind::None { count } else { 1 };
                // Labels of an axis without positions are refused, and nothing else is.
                match call.evaluate(&How::plain(reduction, vec![1.0; count])) {
                    Ok(found)
                        if reduction == ReductionKind::Sum
                            && samples == [0]
                            && loss.spec().samples == [0] =>
                    {
                        assert!(found.value.iter().all(|x| *x == 0.0), "{name}: {:?}", found.value);
                    }
                    Ok(_) | Err(Error::Label { .. }) => {}
                    Err(error) => panic!("{name} with {sizes:?}: {error}"),
                }
            }
        }
    }
}

/// Any input in any other shape is refused, or broadcasts, but never more than that.
#[test]
fn other_shapes_are_errors() {
    let mut refused = 0;
    for loss in losses() {
        let call = scattered(loss, &[2, 3], &[4, 5], 2);
        for name in call.inputs.keys() {
            let own = call.inputs[name].shape().to_vec();
            let mut shapes: Vec<Vec<usize>> =
                vec![vec![], vec![0], vec![7], vec![1; own.len()], vec![2; own.len() + 3]];
            for at in 0..own.len() {
                let changed = |size: usize| {
                    let mut shape = own.clone();
                    shape[at] = size;
                    shape
                };
                shapes.extend([changed(1), changed(own[at] + 1), changed(0)]);
                shapes.push([&own[..at], &own[at + 1..]].concat());
                shapes.push([&own[..at], &[1], &own[at..]].concat());
            }
            for shape in shapes.into_iter().filter(|shape| *shape != own) {
                let mut other = call.clone();
                other.inputs.insert(name, ArrayD::from_elem(IxDyn(&shape), 0.5));
                let real = other.loss.call();
                let mut asked = real.reduction(ReductionKind::Sum);
                let labels: BTreeMap<&str, ArrayD<i64>> =
                    other.inputs.iter().map(|(name, array)| (*name, array.mapv(|x| x as i64))).collect();
                for (input, array) in &other.inputs {
                    asked = match other.spec(input).role {
                        Role::Real => asked.input(input, array).gradient(input),
                        _ => asked.input(input, &labels[input]),
                    };
                }
                match asked.evaluate() {
                    Ok(_) => {
                        // An input with an axis of its own may have any length of it; an optional one broadcasts.
                        let spec = other.spec(name);
                        let alone = |axis: &AxisSpec| {
                            let owners = loss.spec().inputs.iter().filter(|input| input.axes.contains(axis));
                            owners.filter(|input| input.default.is_none()).count() == 1
                        };
                        assert!(
                            spec.default.is_some() || spec.axes.iter().any(alone),
                            "{}: `{name}` of shape {shape:?} is accepted in place of {own:?}",
                            loss.spec().name
                        );
                    }
                    Err(error) => {
                        refused += 1;
                        let fits = matches!(
                            error,
                            Error::Shape { .. }
                                | Error::Rank { .. }
                                | Error::AxisSize { .. }
                                | Error::NotBroadcastableTo { .. }
                                | Error::NotBroadcastable { .. }
                                // An axis without positions has no labels.
                                | Error::Label { .. }
                        );
                        assert!(fits, "{}: `{name}` of shape {shape:?}: {error}", loss.spec().name);
                    }
                }
            }
        }
    }
    assert!(refused > 500, "{refused}");
}

#[test]
fn labels_out_of_range_are_errors() {
    for loss in losses() {
        for input in loss.spec().inputs {
            let (Role::Index(axis) | Role::Set(axis)) = input.role else { continue };
            let set = matches!(input.role, Role::Set(_));
            for single in [false, true] {
                for label in [-1, -2, 4, 5, i64::from(i32::MAX), i64::MAX, i64::MIN] {
                    let call = scattered(loss, &[40], &[4, 4], 9);
                    let mut labels = ArrayD::from_elem(IxDyn(call.inputs[input.name].shape()), 1i64);
                    let at = if set { labels.len() - 1 } else { 33 };
                    *labels.iter_mut().nth(at).expect("a label") = label;
                    let mut asked = loss.call().input(input.name, &labels);
                    let singles: BTreeMap<&str, ArrayD<f32>> =
                        call.inputs.iter().map(|(name, array)| (*name, array.mapv(|x| x as f32))).collect();
                    for name in call.real() {
                        asked = match single {
                            true => asked.input(name, &singles[name]).gradient(name),
                            false => asked.input(name, &call.inputs[name]).gradient(name),
                        };
                    }
                    match asked.evaluate() {
                        // A negative label ends a set.
                        Ok(_) => assert!(set && label < 0, "{}: {label} is accepted", loss.spec().name),
                        Err(Error::Label { value, axis: named, size, .. }) => {
                            assert_eq!((value, named, size), (i128::from(label), axis, 4));
                            assert!(!(set && label < 0), "{}: {label} is refused", loss.spec().name);
                        }
                        Err(error) => panic!("{}: {label}: {error}", loss.spec().name),
                    }
                }
            }
        }
    }
}
