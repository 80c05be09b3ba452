//! Tensors as the corpus writes them, and what broadcasting makes of them.

use serde::Deserialize;

/// A number; those that JSON lacks are words.
#[derive(Deserialize, Clone, Debug)]
#[serde(untagged)]
pub enum Number {
    Float(f64),
    Word(Special),
}

/// A number that JSON lacks.
#[derive(Deserialize, Clone, Copy, Debug)]
pub enum Special {
    #[serde(rename = "nan")]
    Nan,
    #[serde(rename = "inf")]
    Inf,
    #[serde(rename = "-inf")]
    MinusInf,
}

impl Number {
    pub fn get(&self) -> f64 {
        match self {
            Number::Float(x) => *x,
            Number::Word(Special::Nan) => f64::NAN,
            Number::Word(Special::Inf) => f64::INFINITY,
            Number::Word(Special::MinusInf) => f64::NEG_INFINITY,
        }
    }
}

/// An input: its elements in row-major order and, where it was not contiguous, how it lay in memory.
#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
pub struct Tensor {
    pub dtype: String,
    pub shape: Vec<usize>,
    pub data: Vec<Number>,
    pub strides: Option<Vec<isize>>,
    pub offset: Option<usize>,
    pub storage: Option<Vec<Number>>,
}

/// A tensor as a view: element (i, j, ...) is `storage[offset + i * strides[0] + j * strides[1] + ...]`.
#[derive(Clone, Debug)]
pub struct View {
    pub shape: Vec<usize>,
    pub strides: Vec<isize>,
    pub offset: usize,
    pub storage: Vec<f64>,
}

impl Tensor {
    pub fn scalar(x: f64) -> Tensor {
        Tensor {
            dtype: "float64".into(),
            shape: Vec::new(),
            data: vec![Number::Float(x)],
            strides: None,
            offset: None,
            storage: None,
        }
    }

    pub fn numbers(&self) -> Vec<f64> {
        self.data.iter().map(Number::get).collect()
    }

    /// The same elements under a shape with other axes of length 1.
    pub fn reshaped(&self, shape: &[usize]) -> Tensor {
        let mut own = self.shape.iter().zip(self.strides.iter().flatten()).filter(|(size, _)| **size != 1);
        let stride = |size: &usize| if *size == 1 { 1 } else { *own.next().expect("an axis").1 };
        let strides = self.strides.as_ref().map(|_| shape.iter().map(stride).collect());
        Tensor { shape: shape.to_vec(), strides, ..self.clone() }
    }

    /// The tensor as it lay in memory.
    pub fn view(&self) -> View {
        match (&self.strides, &self.storage) {
            (Some(strides), Some(storage)) => View {
                shape: self.shape.clone(),
                strides: strides.clone(),
                offset: self.offset.unwrap_or(0),
                storage: storage.iter().map(Number::get).collect(),
            },
            _ => View {
                shape: self.shape.clone(),
                strides: row_major(&self.shape),
                offset: 0,
                storage: self.numbers(),
            },
        }
    }
}

impl View {
    /// The same elements repeated to a larger shape, by strides of 0.
    pub fn broadcast(&self, shape: &[usize]) -> View {
        let missing = shape.len() - self.shape.len();
        let stride = |axis: usize| match axis.checked_sub(missing) {
            Some(own) if self.shape[own] == shape[axis] => self.strides[own],
            Some(own) => {
                assert_eq!(self.shape[own], 1, "{:?} does not broadcast to {shape:?}", self.shape);
                0
            }
            None => 0,
        };
        View { shape: shape.to_vec(), strides: (0..shape.len()).map(stride).collect(), ..self.clone() }
    }

    /// The same elements with one axis moved to another place.
    pub fn moved(&self, from: usize, to: usize) -> View {
        let mut view = self.clone();
        let (size, stride) = (view.shape.remove(from), view.strides.remove(from));
        view.shape.insert(to, size);
        view.strides.insert(to, stride);
        view
    }

    /// Where the elements lie in the storage, in row-major order.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        indices(&self.shape).map(|index| {
            let steps: isize = index.iter().zip(&self.strides).map(|(i, s)| *i as isize * s).sum();
            self.offset.checked_add_signed(steps).expect("an element inside the storage")
        })
    }

    /// The elements in row-major order.
    pub fn elements(&self) -> Vec<f64> {
        self.places().map(|at| self.storage[at]).collect()
    }
}

/// The strides of a contiguous array.
pub fn row_major(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis] as isize;
    }
    strides
}

/// Every index of a shape, in row-major order.
pub fn indices(shape: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let shape = shape.to_vec();
    (0..shape.iter().product::<usize>()).map(move |mut flat| {
        let mut index = vec![0; shape.len()];
        for axis in (0..shape.len()).rev() {
            index[axis] = flat % shape[axis];
            flat /= shape[axis];
        }
        index
    })
}

/// NumPy's rule for the common shape of several.
pub fn common_shape<'a>(shapes: impl IntoIterator<Item = &'a [usize]>) -> Vec<usize> {
    let mut common: Vec<usize> = Vec::new();
    for shape in shapes {
        if shape.len() > common.len() {
            common.splice(0..0, vec![1; shape.len() - common.len()]);
        }
        let missing = common.len() - shape.len();
        for (have, size) in common[missing..].iter_mut().zip(shape) {
            if *have == 1 {
                *have = *size;
            }
            assert!(*size == 1 || *size == *have, "shapes do not broadcast");
        }
    }
    common
}

/// Numbers, each perhaps a sum of terms of both signs.
#[derive(Clone, Debug, Default)]
pub struct Sums {
    pub values: Vec<f64>,
    /// The sums of the terms' magnitudes; empty where no number is such a sum.
    pub magnitudes: Vec<f64>,
}

impl Sums {
    /// Numbers that are not sums.
    pub fn plain(values: Vec<f64>) -> Sums {
        Sums { values, magnitudes: Vec::new() }
    }

    pub fn magnitude(&self, at: usize) -> f64 {
        self.magnitudes.get(at).copied().filter(|m| m.is_finite()).unwrap_or(0.0)
    }
}

/// Adds up the gradient of a repeated tensor into that of the tensor itself.
pub fn sum_back(gradient: Sums, from: &[usize], to: &[usize]) -> Sums {
    if from == to {
        return gradient;
    }
    let size = to.iter().product();
    let mut sums = Sums { values: vec![0.0; size], magnitudes: vec![0.0; size] };
    let strides = row_major(to);
    let missing = from.len() - to.len();
    for (place, (index, value)) in indices(from).zip(&gradient.values).enumerate() {
        let own = index[missing..].iter().zip(to).zip(&strides);
        let at: usize =
            own.map(|((i, size), stride)| if *size == 1 { 0 } else { i * *stride as usize }).sum();
        sums.values[at] += value;
        sums.magnitudes[at] += value.abs().max(gradient.magnitude(place));
    }
    sums
}
