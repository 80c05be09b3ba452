//! Products of matrices, the one kind of operation whose last digits may depend on the instruction set beyond fused
//! multiply-add: `matrixmultiply` has kernels of its own for each, which may add in another order.
//!
//! What holds on every machine is a bound: a sum of n products is off by at most n ε Σ|a b|, where ε is the distance
//! from 1 to the next number. So two machines differ by twice that at most.

mod oracle;

use lossdef::{Element, Sum};
use lossdef_compiler::compile;
use lossdef_compiler::plan::Plan;
use lossdef_compiler::plan::rows::Action;
use lossdef_compiler::source::SourceFile;
use ndarray::{Array2, ArrayView1, Axis};
use oracle::random::Random;
use oracle::wide::Wide;

/// Its derivative with respect to `up` is the product of two matrices, and so are those with respect to `x`, and `w`,
/// which is added up over the samples.
const PROJECTION: &str = "loss projection(x[.., d], w[c, d], up[.., c]) = sum[c](up * sum[d](x * w))";

lossdef::losses! { inline = "loss projection(x[.., d], w[c, d], up[.., c]) = sum[c](up * sum[d](x * w))" }

#[test]
fn the_plan_has_products_and_a_total() {
    let compiled = compile(&SourceFile::new("projection.def", PROJECTION));
    let Plan::Rows(plan) = &compiled.losses[0].variants[0].1 else { panic!("it has axes") };
    let program = &plan.numerator;
    let count = |wanted: fn(&Action) -> bool| {
        let phases = [&program.before, &program.keep, &program.rows, &program.after];
        phases.into_iter().flatten().filter(|step| wanted(&step.action)).count()
    };
    assert_eq!(count(|action| matches!(action, Action::Product { .. })), 2);
    assert_eq!(count(|action| matches!(action, Action::Total { .. })), 1);
}

/// A sum of products is off by no more than the bound.
fn check<T: Element>(got: T, left: ArrayView1<'_, T>, right: ArrayView1<'_, T>, what: &str) -> f64 {
    let epsilon = if size_of::<T>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
    let (mut sum, mut magnitude) = (Wide::ZERO, 0.0);
    for (a, b) in left.iter().zip(right) {
        let (a, b) = (a.to_f64(), b.to_f64());
        sum = sum + Wide::new(a) * Wide::new(b);
        magnitude += (a * b).abs();
    }
    let off = (Wide::new(got.to_f64()) - sum).round().abs();
    let bound = left.len() as f64 * epsilon * magnitude;
    assert!(off <= bound, "{what} of {} products: off by {off:e}, beyond {bound:e}", left.len());
    if magnitude > 0.0 { off / (epsilon * magnitude) } else { 0.0 }
}

fn products<T: Element>([n, c, d]: [usize; 3], random: &mut Random) -> f64 {
    let mut matrix = |rows, columns| {
        Array2::from_shape_simple_fn((rows, columns), || T::from_f64(2.0 * random.unit() - 1.0))
    };
    let (x, w, up) = (matrix(n, d), matrix(c, d), matrix(n, c));
    let mut dx = Array2::from_elem((n, d), T::default());
    let mut dw = Array2::from_elem((c, d), T::default());
    let mut dup = Array2::from_elem((n, c), T::default());
    let grads = ProjectionGrads::new().x(&mut dx).w(&mut dw).up(&mut dup);
    let call = Projection::new().reduction(Sum);
    call.on(&x, &w, &up).forward_backward_into(grads).expect("matrices that fit");
    let mut most = 0f64;
    for sample in 0..n {
        for class in 0..c {
            most = most.max(check(dup[[sample, class]], x.row(sample), w.row(class), "a product"));
        }
        for feature in 0..d {
            most = most.max(check(dx[[sample, feature]], up.row(sample), w.column(feature), "a product"));
        }
    }
    for class in 0..c {
        for feature in 0..d {
            let (left, right) = (up.index_axis(Axis(1), class), x.index_axis(Axis(1), feature));
            most = most.max(check(dw[[class, feature]], left, right, "a total"));
        }
    }
    most
}

#[test]
fn products_of_matrices_keep_their_bound() {
    let mut random = Random(7);
    // Around the tiles of kernels, of 4 to 16, and their blocks of 64 and 256 summands.
    let sizes =
        [[1, 1, 1], [3, 5, 7], [16, 17, 15], [33, 8, 64], [65, 9, 65], [2, 3, 257], [5, 270, 3], [600, 4, 5]];
    for size in sizes {
        let (single, double) = (products::<f32>(size, &mut random), products::<f64>(size, &mut random));
        println!("{size:?}: off by at most {single:.2} and {double:.2} ε Σ|a b|");
    }
}
