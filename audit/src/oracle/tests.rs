//! The rows against the compiler's own, at every sample of every row: the values, and the slopes against
//! differences in wide numbers.

use lossdef_compiler::functions::rows;
use lossdef_compiler::ir::Scalar;

use super::table;
use crate::wide::Wide;

#[test]
fn every_row_agrees_with_the_compiler_and_with_its_own_differences() {
    for row in rows() {
        for sample in row.samples {
            let x: Vec<Wide> = sample.iter().map(|x| Wide::new(*x)).collect();
            let refs: Vec<&Wide> = x.iter().collect();
            let value = table::value(row.function, &refs);
            let want = (row.evaluate)(sample);
            assert!((value.to_f64() - want).abs() <= 4e-15 * want.abs(), "{} {sample:?}", row.name);
            if row.function.result() == Scalar::Bool {
                continue;
            }
            for which in 0..x.len() {
                let slope = table::partial(row.function, &refs, &value, which).unwrap_or(Wide::zero());
                let step = Wide::one().scaled(-90);
                let at = |x: Wide| {
                    let mut there = refs.clone();
                    there[which] = &x;
                    table::value(row.function, &there)
                };
                let (above, below) = (at(&x[which] + &step), at(&x[which] - &step));
                let difference = (&above - &below).scaled(89);
                let error = (&difference - &slope).abs().to_f64();
                assert!(error <= 1e-46 * slope.abs().to_f64().max(1.0), "d {} {sample:?}: {error}", row.name);
            }
        }
    }
}
