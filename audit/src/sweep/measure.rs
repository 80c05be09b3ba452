//! One call held against exact arithmetic: the value of every sample and the derivative in every element.

use std::cell::OnceCell;

use crate::oracle::bound::Bound;
use crate::ours::ours;
use crate::scene::{Element, Scene};
use crate::subject::Subject;
use crate::theirs::{all_bounds, exact, slope_reach};
use crate::ulp::Format;
use crate::wide::Wide;

/// An error that is no larger is what the roundings of a handful of operations leave: in units in the last place,
/// or in units of one of the scales below.
const FINE: f64 = 16.0;

/// A result is well conditioned where the last bits of inputs and parameters move it by no more units in the last
/// place, and its terms cancel where more than one rounding of each operation could move it so far beyond `FINE`.
const CLOSE: f64 = 4.0;

/// What is wrong with a result whose exact counterpart the format has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Digits of a result of ordinary size are lost, because something on the way is too small for the format.
    Underflow,
    /// It is infinite, or far off because something on the way is too large for the format.
    Overflow,
    /// It is not a number.
    Nan,
    /// It is an infinity of the wrong sign, or a number where there is an infinity.
    Sign,
    /// It is wrong, and nothing on the way explains it.
    Unexplained,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 5] =
        [Fault::Underflow, Fault::Overflow, Fault::Nan, Fault::Sign, Fault::Unexplained];

    /// In words.
    pub fn says(self) -> &'static str {
        match self {
            Fault::Underflow => "loses digits to an underflow on the way",
            Fault::Overflow => "overflows on the way",
            Fault::Nan => "is not a number",
            Fault::Sign => "is not the infinity that is right",
            Fault::Unexplained => "is off, and nothing explains it",
        }
    }
}

/// How good one result is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Grade {
    /// Well conditioned, and off by so many units in the last place.
    Units(f64),
    /// Not well conditioned: off by so many times as much as one unit in the last place of every input and parameter,
    /// each moved by itself, moves the exact result, and half a unit of the result.
    Inputs(f64),
    /// Further off than the inputs explain: so many times as far as one rounding of each operation of the stable
    /// form may move the result. Terms cancel.
    Terms(f64),
    /// Close to the smallest numbers, and so large: digits are lost to an underflow.
    Faint(f64),
    /// At a condition that roundings may decide either way.
    Open,
    /// The right infinity for what is too large for the format.
    Beyond,
    /// The formula itself is infinite, and the result is.
    Pole,
    /// The formula itself is no number.
    Undefined,
    /// Wrong.
    Wrong(Fault),
}

/// A result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// The value of a sample.
    Value(usize),
    /// The derivative of the sum of the values.
    Slope(Element),
}

impl Quantity {
    /// 0 for a value, 1 for a derivative.
    pub fn kind(self) -> usize {
        usize::from(matches!(self, Quantity::Slope(_)))
    }
}

/// Calls the loss and hands each result, what is right, and its grade to `see`. False where the call is refused.
pub fn judge(
    subject: &Subject<'_>,
    scene: &Scene,
    format: Format,
    see: &mut dyn FnMut(Quantity, f64, &Wide, Grade),
) -> bool {
    match format {
        Format::F32 => judge_in::<true>(subject, scene, see),
        Format::F64 => judge_in::<false>(subject, scene, see),
    }
}

fn judge_in<const SINGLE: bool>(
    subject: &Subject<'_>,
    scene: &Scene,
    see: &mut dyn FnMut(Quantity, f64, &Wide, Grade),
) -> bool {
    let (loss, format) = (subject.loss(), if SINGLE { Format::F32 } else { Format::F64 });
    let Ok(answer) = ours(loss, subject.callable, scene, SINGLE) else { return false };
    let (elements, moving) = (scene.elements(loss), scene.everything(loss));
    let right = exact(subject.derived, scene, &moving, None);
    let moves: Vec<Wide> = moving.iter().map(|at| format.unit(&Wide::new(scene.at(loss, *at)))).collect();
    let reaches = OnceCell::new();
    let slope_reaches =
        || reaches.get_or_init(|| slope_reach(subject.derived, scene, &elements, &moving, &moves));
    let free = OnceCell::new();
    let free = || free.get_or_init(|| all_bounds::<SINGLE, true>(subject.derived, scene, &elements));
    let tight = OnceCell::new();
    let tight = || tight.get_or_init(|| all_bounds::<SINGLE, false>(subject.derived, scene, &elements));
    let signed_zero = moving.iter().any(|at| {
        let x = scene.at(loss, *at);
        x == 0.0 && x.is_sign_negative()
    });

    for (at, (got, right_one)) in answer.values.iter().zip(&right.values).enumerate() {
        let scales = Scales {
            reach: &|| right.reach(at, &moves),
            free: &|| summary(&free().0[at]),
            tight: &|| summary(&tight().0[at]),
            signed_zero,
        };
        see(Quantity::Value(at), *got, right_one, grade(format, *got, right_one, &scales));
    }
    for (at, (element, right_one)) in elements.iter().zip(&right.slopes).enumerate() {
        let gradient = answer.gradients[element.input].as_ref();
        let got = gradient.map_or(f64::NAN, |all| all[element.flat]);
        let scales = Scales {
            reach: &|| slope_reaches()[at].clone(),
            free: &|| summary(&free().1[at]),
            tight: &|| summary(&tight().1[at]),
            signed_zero,
        };
        see(Quantity::Slope(*element), got, right_one, grade(format, got, right_one, &scales));
    }
    true
}

/// How far an error may go, and the largest number on the way.
fn summary<const SINGLE: bool, const FREE: bool>(bound: &Bound<SINGLE, FREE>) -> (Wide, Wide) {
    (bound.error.clone(), bound.peak.clone())
}

/// What errors are measured by, worked out where it is asked for.
struct Scales<'a> {
    reach: &'a dyn Fn() -> Wide,
    free: &'a dyn Fn() -> (Wide, Wide),
    tight: &'a dyn Fn() -> (Wide, Wide),
    /// Whether an input is -0: the exact numbers have one zero, so poles there have no sign.
    signed_zero: bool,
}

fn grade(format: Format, got: f64, right: &Wide, scales: &Scales<'_>) -> Grade {
    if right.is_nan() {
        return Grade::Undefined;
    }
    if got.is_nan() {
        return Grade::Wrong(Fault::Nan);
    }
    let same_sign = got.is_sign_negative() == right.is_negative();
    if !right.is_finite() {
        let found = got.is_infinite() && (same_sign || scales.signed_zero);
        return if found { Grade::Pole } else { Grade::Wrong(Fault::Sign) };
    }
    if got.is_infinite() && format.round(right).is_infinite() {
        return if same_sign { Grade::Beyond } else { Grade::Wrong(Fault::Sign) };
    }
    // An infinity counts as the number that would follow the largest one.
    let near = if got.is_infinite() {
        let next = Wide::one().scaled(format.exponents().1 + 1);
        if got < 0.0 { -&next } else { next }
    } else {
        Wide::new(got)
    };
    let error = Error { size: (&near - right).abs(), unit: format.unit(right) };
    error.by_inputs(scales).unwrap_or_else(|larger| {
        let size = got.abs().max(right.abs().to_f64());
        error.by_operations(format, larger, got, size, scales)
    })
}

/// How far a number is from the exact one, and a unit in the last place of the latter.
struct Error {
    size: Wide,
    unit: Wide,
}

impl Error {
    fn units(&self, count: f64) -> Wide {
        &self.unit * &Wide::new(count)
    }

    /// In times of a scale and half a unit.
    fn over(&self, scale: &Wide) -> f64 {
        (&self.size / &(scale + &self.unit.scaled(-1))).to_f64()
    }

    fn ulp(&self) -> f64 {
        (&self.size / &self.unit).to_f64()
    }

    /// The grade beside what the last bits of the inputs do: as an error where it is larger than this explains.
    fn by_inputs(&self, scales: &Scales<'_>) -> Result<Grade, Grade> {
        let ulp = self.ulp();
        if ulp <= 1.0 {
            return Ok(Grade::Units(ulp));
        }
        let reach = (scales.reach)();
        if !reach.is_finite() && !reach.is_nan() {
            return Ok(Grade::Open);
        }
        let reach = if reach.is_nan() { Wide::zero() } else { reach };
        let grade = match reach <= self.units(CLOSE) {
            true => Grade::Units(ulp),
            false => Grade::Inputs(self.over(&reach)),
        };
        match grade {
            Grade::Units(x) | Grade::Inputs(x) if x <= CLOSE => Ok(grade),
            _ => Err(grade),
        }
    }

    /// The grade of a larger one, of a result of this size.
    fn by_operations(
        &self,
        format: Format,
        by_inputs: Grade,
        got: f64,
        size: f64,
        scales: &Scales<'_>,
    ) -> Grade {
        let (bound, peak) = (scales.free)();
        let terms = self.over(&bound);
        if got.is_finite() && bound > self.units(FINE) && terms <= CLOSE {
            // Also where the stable form overflows on the way: then the plan has avoided it.
            return if bound.is_finite() { Grade::Terms(terms) } else { Grade::Open };
        }
        if got.is_infinite() || format.round(&peak).is_infinite() {
            return Grade::Wrong(Fault::Overflow);
        }
        let (tight, _) = (scales.tight)();
        let underflows = self.size <= &tight * &Wide::new(FINE);
        match by_inputs {
            _ if !bound.is_finite() || !tight.is_finite() => Grade::Open,
            _ if underflows && size <= faint(format) => Grade::Faint(size),
            Grade::Units(x) | Grade::Inputs(x) if x <= FINE => by_inputs,
            _ if underflows => Grade::Wrong(Fault::Underflow),
            _ if size <= faint(format) => Grade::Faint(size),
            _ => Grade::Wrong(Fault::Unexplained),
        }
    }
}

/// Below, results are so close to the smallest normal number that as many bits more as the format has would be needed
/// to keep their digits on the way.
fn faint(format: Format) -> f64 {
    format.power(format.exponents().0 + format.bits())
}
