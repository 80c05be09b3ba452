//! What a caller may vary without varying the result of a loss over named axes: how arrays lie in memory, where an
//! axis stands, how many threads there are, the precision, and how the samples are dealt out over several calls.

mod given;
mod oracle;

use std::collections::BTreeMap;

use given::layout::LAYOUTS;
use given::points::{losses, scattered};
use given::{Given, How, Named, Numbers};
use lossdef::spec::{AxisSpec, Role};
use lossdef::{Error, Partial, ReductionKind};
use ndarray::{ArrayD, Axis, IxDyn};
use oracle::random::Random;

/// A call unreduced, with some upstream derivative for each sample.
fn each(call: &Given) -> How {
    let count = call.samples().iter().product();
    let mut random = Random(99);
    How::plain(ReductionKind::None, (0..count).map(|_| 2.0 * random.unit() - 1.0).collect())
}

fn evaluate(call: &Given, how: &How) -> Numbers {
    call.evaluate(how).unwrap_or_else(|error| panic!("{call:?}, {how:?}: {error}"))
}

/// Asserts that two arrays agree up to a share of their largest number.
#[track_caller]
fn assert_near(got: &ArrayD<f64>, want: &ArrayD<f64>, share: f64, told: &dyn Fn() -> String) {
    assert_eq!(got.shape(), want.shape(), "{}", told());
    let largest = want.iter().filter(|x| x.is_finite()).fold(1.0, |a: f64, x| a.max(x.abs()));
    for (at, (got, want)) in got.iter().zip(want).enumerate() {
        let near = got == want || (got - want).abs() <= share * largest || (got.is_nan() && want.is_nan());
        assert!(near, "element {at} is {got:e}, not {want:e}: {}", told());
    }
}

fn assert_same(got: &Numbers, want: &Numbers, share: f64, told: &dyn Fn() -> String) {
    assert_near(&got.value, &want.value, share, &|| format!("value of {}", told()));
    for (name, gradient) in &got.gradients {
        assert_near(gradient, &want.gradients[name], share, &|| format!("gradient of {name} of {}", told()));
    }
}

/// Shapes of the samples, and lengths of the named axes.
const SHAPES: [(&[usize], [usize; 2]); 6] = [
    (&[3], [4, 2]),
    (&[2, 3], [33, 3]),
    (&[35], [3, 33]),
    (&[2, 2, 9], [65, 1]),
    (&[], [7, 5]),
    (&[70], [2, 40]),
];

#[test]
fn memory_does_not_matter() {
    for loss in losses() {
        for (seed, (samples, named)) in SHAPES.into_iter().enumerate() {
            let call = scattered(loss, samples, &named, seed as u64);
            let how = each(&call);
            let plain = evaluate(&call, &how);
            for layout in LAYOUTS {
                let other = evaluate(&call, &How { layout, ..how.clone() });
                assert_same(&other, &plain, 1e-13, &|| format!("{layout:?}, {call:?}"));
            }
        }
    }
}

#[test]
fn an_axis_may_stand_at_any_place() {
    for loss in losses() {
        for (seed, (samples, named)) in SHAPES.into_iter().enumerate() {
            let mut call = scattered(loss, samples, &named, seed as u64);
            // Where an axis stands in an array without some of the sample axes is another question.
            let rank = |name: &str| call.spec(name).axes.len() - 1 + samples.len();
            let whole = |name: &str, array: &ArrayD<f64>| {
                let has_samples = call.spec(name).axes.contains(&AxisSpec::Samples);
                call.spec(name).default.is_none() || !has_samples || array.ndim() == rank(name)
            };
            let inputs = call.inputs.iter().filter(|(name, array)| whole(name, array));
            call.inputs = inputs.map(|(name, array)| (*name, array.clone())).collect();
            let how = each(&call);
            let plain = evaluate(&call, &how);
            for axis in loss.spec().axes.iter().filter(|axis| !axis.is_open()) {
                for (place, layout) in
                    (0..=samples.len()).flat_map(|place| LAYOUTS.map(|layout| (place, layout)))
                {
                    let other = How { layout, axis: Some((axis.name(), place)), ..how.clone() };
                    match call.evaluate(&other) {
                        Ok(other) => assert_same(&other, &plain, 1e-13, &|| format!("{other:?}, {call:?}")),
                        // Some inputs have more axes than others, and some axes stand in none beside samples.
                        Err(Error::UnknownAxis { .. } | Error::AxisPlace { .. }) => {}
                        Err(error) => panic!("{other:?}, {call:?}: {error}"),
                    }
                }
            }
        }
    }
}

/// One row that stands for all samples, by a stride of 0.
#[test]
fn a_repeated_row_is_a_row() {
    for loss in losses().filter(|loss| loss.spec().axes[0] == AxisSpec::Samples) {
        let row = scattered(loss, &[1], &[33, 4], 5);
        let spec = loss.spec();
        if !spec.inputs.iter().any(|input| input.axes.first() == Some(&AxisSpec::Samples)) {
            continue;
        }
        let repeated: Named =
            row.inputs.iter().map(|(name, array)| (*name, repeat(&row, name, array))).collect();
        let copied = Given { inputs: repeated, ..row.clone() };
        let how = How::plain(ReductionKind::None, vec![0.5; 6]);
        let want = evaluate(&copied, &how);
        let mut call = loss.call().reduction(ReductionKind::None);
        for (name, value) in &row.parameters {
            call = call.parameter(name, *value);
        }
        let labels: BTreeMap<&str, ArrayD<i64>> =
            row.inputs.iter().map(|(name, array)| (*name, array.mapv(|x| x as i64))).collect();
        for (name, array) in &row.inputs {
            let shape = copied.inputs[name].raw_dim();
            call = match row.spec(name).role {
                Role::Real => call.input(name, array.broadcast(shape).expect("a row for all")),
                _ => call.input(name, labels[name].broadcast(shape).expect("a row for all")),
            };
        }
        for name in row.real() {
            call = call.gradient(name);
        }
        let factors = ArrayD::from_elem(IxDyn(&[6]), 0.5);
        let found =
            call.upstream_each(&factors).evaluate().unwrap_or_else(|error| panic!("{row:?}: {error}"));
        assert_near(&found.value.to_f64(), &want.value, 1e-13, &|| format!("{row:?}"));
        for name in row.real() {
            let got = found.gradient(name).expect("a gradient that was asked for").to_f64();
            assert_near(&got, &want.gradients[name], 1e-13, &|| format!("{name} of {row:?}"));
        }
    }
}

/// An array with its only sample repeated six times, where it has sample axes and is required.
fn repeat(call: &Given, name: &str, array: &ArrayD<f64>) -> ArrayD<f64> {
    let spec = call.spec(name);
    if spec.axes.first() != Some(&AxisSpec::Samples) || spec.default.is_some() {
        return array.clone();
    }
    let mut shape = array.shape().to_vec();
    shape[0] = 6;
    array.broadcast(IxDyn(&shape)).expect("one sample").to_owned()
}

#[test]
fn threads_do_not_matter() {
    let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
    let (one, two) = (pool(1), pool(2));
    for loss in losses() {
        // Enough elements for the runtime to share them out: in short rows, and in longer ones.
        for (samples, named, single) in [(10_007, [29, 3], true), (3001, [90, 2], false)] {
            // All samples of a loss over `n`, and all labels of a set, meet each other.
            let pairs = loss.spec().inputs.iter().any(|input| matches!(input.role, Role::Set(_)));
            let samples = if pairs { samples / named[0] } else { samples };
            let named = if loss.spec().samples == [0] { named } else { [100, 27] };
            let call = scattered(loss, &[samples], &named, 3);
            let how = match single {
                true => How { single, ..each(&call) },
                false => How::plain(ReductionKind::Mean, vec![1.0]),
            };
            let (a, b) = (one.install(|| evaluate(&call, &how)), two.install(|| evaluate(&call, &how)));
            let bits = |array: &ArrayD<f64>| array.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&a.value), bits(&b.value), "{}", loss.spec().name);
            for (name, gradient) in &a.gradients {
                assert_eq!(bits(gradient), bits(&b.gradients[name]), "{name} of {}", loss.spec().name);
            }
        }
    }
}

#[test]
fn single_precision_is_double_precision_rounded() {
    for loss in losses() {
        let mut worst: f64 = 0.0;
        for (seed, (samples, named)) in SHAPES.into_iter().enumerate() {
            let mut call = scattered(loss, samples, &named, 20 + seed as u64).rounded();
            if let Some(temperature) = call.parameters.get_mut("temperature") {
                *temperature = 2.0;
            }
            let mut how = each(&call);
            how.upstream.iter_mut().for_each(|x| *x = f64::from(*x as f32));
            let double = evaluate(&call, &how);
            let single = evaluate(&call, &How { single: true, ..how });
            let scale = |array: &ArrayD<f64>| array.iter().fold(1.0, |a: f64, x| a.max(x.abs()));
            let mut check = |what: &str, got: &ArrayD<f64>, want: &ArrayD<f64>| {
                let off = got.iter().zip(want).fold(0.0, |a: f64, (got, want)| a.max((got - want).abs()));
                worst = worst.max(off / scale(want));
                assert!(off <= 4e-6 * scale(want), "{what} is off by {off:e}: {call:?}");
            };
            check("value", &single.value, &double.value);
            for (name, gradient) in &single.gradients {
                check(name, gradient, &double.gradients[name]);
            }
        }
        println!("{}: off by at most {worst:.1e} of the largest", loss.spec().name);
    }
}

#[test]
fn shards_merge_to_the_whole() {
    for loss in losses() {
        let name = loss.spec().name;
        let call = scattered(loss, &[10], &[10, 6], 7);
        let (numerator, denominator, slopes, falls) = call.partial().expect(name);
        let parts = [given::part(&call, 0, 3), given::part(&call, 3, 4), given::part(&call, 4, 10)];
        let partials: Vec<_> = parts.iter().map(|part| part.partial().expect(name)).collect();
        let merged = partials[1..].iter().try_fold(
            Partial::new(loss.spec(), partials[0].0, partials[0].1),
            |merged, (above, below, ..)| merged.merge(Partial::new(loss.spec(), *above, *below)),
        );
        if !loss.spec().additive {
            assert!(matches!(merged, Err(Error::Merge { .. })), "{name}");
            continue;
        }
        let merged = merged.expect(name);
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-13 * a.abs().max(1.0);
        assert!(close(merged.numerator, numerator) && close(merged.denominator, denominator), "{name}");
        for input in call.real() {
            let of = |pick: fn(&(f64, f64, Named, Named)) -> &Named| {
                let own = partials.iter().map(|partial| pick(partial)[input].clone()).collect::<Vec<_>>();
                let sharded = own[0].shape() != call.inputs[input].shape();
                match sharded {
                    true => {
                        let views: Vec<_> = own.iter().map(|array| array.view()).collect();
                        ndarray::concatenate(Axis(0), &views).expect("the shards of one array")
                    }
                    false => own[1..].iter().fold(own[0].clone(), |sum, other| sum + other),
                }
            };
            assert_near(&of(|partial| &partial.2), &slopes[input], 1e-13, &|| format!("{name}: {input}"));
            assert_near(&of(|partial| &partial.3), &falls[input], 1e-13, &|| {
                format!("{name}: {input} below")
            });
        }
    }
}
