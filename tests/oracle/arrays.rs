//! Arrays as the oracle is given them, and how they lie over the axes that a loss declares.
//!
//! An array has its axes in the order of the declaration. `..` and a group (`s..`) are any number of axes of the
//! array and one axis of the loss, whose positions are numbered row-major.

use std::collections::BTreeMap;

use lossdef_compiler::ast::{AxisDecl, Decl};

/// The name under which the sample axes go.
pub const SAMPLES: &str = "..";

/// Numbers with a shape, row-major.
#[derive(Clone, Debug)]
pub struct Array {
    pub shape: Vec<usize>,
    pub data: Vec<f64>,
}

impl Array {
    pub fn new(shape: &[usize], data: Vec<f64>) -> Array {
        assert_eq!(shape.iter().product::<usize>(), data.len(), "{shape:?}");
        Array { shape: shape.to_vec(), data }
    }

    /// One number, without axes.
    pub fn scalar(x: f64) -> Array {
        Array::new(&[], vec![x])
    }
}

/// The shape of each axis of a loss: one number, or any number of them for `..` and a group.
pub type Shapes<'a> = BTreeMap<&'a str, Vec<usize>>;

/// An input that is given: for each of its axes, how far each position lies from the first.
#[derive(Debug)]
pub struct Placed<'a> {
    pub axes: Vec<&'a str>,
    steps: Vec<Vec<usize>>,
    pub data: &'a [f64],
    /// The number of its first element among those of all inputs.
    pub first: usize,
}

impl Placed<'_> {
    /// The element at a position on each of its axes, by its place in the array.
    pub fn at(&self, position: impl Fn(&str) -> usize) -> usize {
        self.axes.iter().zip(&self.steps).map(|(axis, steps)| steps[position(axis)]).sum()
    }

    /// The elements that belong to one sample, and those that belong to all of them.
    pub fn elements_of(&self, sample: usize) -> Vec<usize> {
        let mut places = vec![0];
        for (axis, steps) in self.axes.iter().zip(&self.steps) {
            let steps: &[usize] = if *axis == SAMPLES { std::slice::from_ref(&steps[sample]) } else { steps };
            places = places.iter().flat_map(|at| steps.iter().map(move |step| at + step)).collect();
        }
        places
    }
}

/// The axes of a declaration, by name, and whether each is a group.
pub fn axes(decl: &Decl) -> Vec<(&str, bool)> {
    match &decl.axes {
        None => vec![(SAMPLES, true)],
        Some(list) => list
            .iter()
            .map(|axis| match axis {
                AxisDecl::Samples(_) => (SAMPLES, true),
                AxisDecl::Axis(name) => (name.name.as_str(), false),
                AxisDecl::Group(name) => (name.name.as_str(), true),
            })
            .collect(),
    }
}

/// The shapes of all axes that the given inputs have; an error where two inputs disagree.
pub fn shapes<'a>(decls: &'a [Decl], given: &BTreeMap<&str, Array>) -> Result<Shapes<'a>, String> {
    let mut shapes = Shapes::new();
    let of = |decl: &Decl| given.get(decl.name.name.as_str());
    // An input with two groups whose lengths are open waits for the others.
    let mut waiting: Vec<&Decl> = decls.iter().filter(|decl| decl.default.is_none()).collect();
    while !waiting.is_empty() {
        let before = waiting.len();
        let mut rest = Vec::new();
        for decl in waiting {
            let array = of(decl).ok_or_else(|| format!("`{}` is not given", decl.name.name))?;
            if !match_exactly(decl, array, &mut shapes)? {
                rest.push(decl);
            }
        }
        if rest.len() == before {
            return Err(format!("the axes of `{}` cannot be told apart", rest[0].name.name));
        }
        waiting = rest;
    }
    // An axis that only optional inputs have takes its size from them.
    for decl in decls.iter().filter(|decl| decl.default.is_some()) {
        let unknown = axes(decl).iter().any(|(axis, _)| !shapes.contains_key(axis));
        if let Some(array) = of(decl).filter(|_| unknown) {
            match_exactly(decl, array, &mut shapes)?;
        }
    }
    Ok(shapes)
}

/// Matches an array with its declaration; `false` where too little is known yet.
fn match_exactly<'a>(decl: &'a Decl, array: &Array, shapes: &mut Shapes<'a>) -> Result<bool, String> {
    let own = axes(decl);
    let open = own.iter().filter(|(axis, group)| *group && !shapes.contains_key(axis)).count();
    if open > 1 {
        return Ok(false);
    }
    let wrong = || format!("`{}` has the shape {:?}", decl.name.name, array.shape);
    let known = |axis: &str, group: bool| shapes.get(axis).map_or(usize::from(!group), Vec::len);
    let fixed: usize = own.iter().map(|(axis, group)| known(axis, *group)).sum();
    let rest = array.shape.len().checked_sub(fixed).ok_or_else(wrong)?;
    if open == 0 && rest != 0 {
        return Err(wrong());
    }
    let mut at = 0;
    for (axis, group) in own {
        let length = match shapes.get(axis) {
            Some(shape) => shape.len(),
            None if group => rest,
            None => 1,
        };
        let shape = array.shape[at..at + length].to_vec();
        at += length;
        match shapes.get(axis) {
            Some(before) if *before != shape => {
                return Err(format!("{}: `{axis}` is {before:?} elsewhere", wrong()));
            }
            Some(_) => {}
            None => {
                shapes.insert(axis, shape);
            }
        }
    }
    Ok(true)
}

/// Lays an array over the axes of its declaration. An optional one broadcasts to them by NumPy's rule.
pub fn place<'a>(
    decl: &'a Decl,
    array: &'a Array,
    shapes: &Shapes<'a>,
    first: usize,
) -> Result<Placed<'a>, String> {
    let axes: Vec<&str> = axes(decl).into_iter().map(|(axis, _)| axis).collect();
    let full: Vec<usize> = axes.iter().flat_map(|axis| shapes[axis].iter().copied()).collect();
    let wrong = || format!("`{}` of shape {:?} does not fit {full:?}", decl.name.name, array.shape);
    let missing = full.len().checked_sub(array.shape.len()).ok_or_else(wrong)?;
    let mut strides = vec![0; full.len()];
    let mut stride = 1;
    for (own, size) in array.shape.iter().enumerate().rev() {
        if *size == full[missing + own] {
            strides[missing + own] = stride;
        } else if *size != 1 || decl.default.is_none() {
            return Err(wrong());
        }
        stride *= size;
    }
    if missing > 0 && decl.default.is_none() {
        return Err(wrong());
    }
    let mut at = 0;
    let mut steps = Vec::new();
    for axis in &axes {
        let mut own = vec![0];
        for size in &shapes[axis] {
            let stride = strides[at];
            own = own.iter().flat_map(|step| (0..*size).map(move |i| step + i * stride)).collect();
            at += 1;
        }
        steps.push(own);
    }
    Ok(Placed { axes, steps, data: &array.data, first })
}
