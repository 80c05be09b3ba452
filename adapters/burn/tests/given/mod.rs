//! Numbers for the tests, and how they are compared.

#![allow(dead_code, reason = "each test program uses its own part of it")]
#![allow(unreachable_pub, reason = "what is public here is public to the test program")]

use burn::tensor::{DType, Device, Gradients, Int, Tensor, TensorData};

/// The losses of `own.def`.
pub mod own {
    lossdef::losses! { "tests/own.def" }
}

/// The CPU with a graph.
pub fn device() -> Device {
    Device::flex().autodiff()
}

/// A small generator of random numbers (SplitMix64), so that every run is the same.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Numbers between -`size` and `size`.
    pub fn numbers(&mut self, count: usize, size: f64) -> Vec<f64> {
        (0..count).map(|_| size * ((self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0)).collect()
    }

    /// A constant of such numbers.
    pub fn tensor<const D: usize>(&mut self, shape: [usize; D], size: f64, dtype: DType) -> Tensor<D> {
        tensor(self.numbers(shape.iter().product(), size), shape, dtype)
    }

    /// A leaf of such numbers.
    pub fn leaf<const D: usize>(&mut self, shape: [usize; D], size: f64, dtype: DType) -> Tensor<D> {
        self.tensor(shape, size, dtype).require_grad()
    }

    /// Labels below `classes`.
    pub fn labels(&mut self, count: usize, classes: u64) -> Tensor<1, Int> {
        let labels: Vec<i64> = (0..count).map(|_| (self.next() % classes) as i64).collect();
        Tensor::from_data(TensorData::new(labels, [count]), &device())
    }
}

/// A tensor of these numbers.
pub fn tensor<const D: usize>(numbers: Vec<f64>, shape: [usize; D], dtype: DType) -> Tensor<D> {
    Tensor::from_data(TensorData::new(numbers, shape), (&device(), dtype))
}

/// The elements in row-major order.
pub fn flat<const D: usize>(tensor: &Tensor<D>) -> Vec<f64> {
    tensor.clone().into_data().iter::<f64>().collect()
}

/// The only element.
pub fn number<const D: usize>(tensor: &Tensor<D>) -> f64 {
    let elements = flat(tensor);
    assert_eq!(elements.len(), 1);
    elements[0]
}

/// The gradient of a leaf, which must have one.
pub fn gradient<const D: usize>(gradients: &Gradients, of: &Tensor<D>) -> Vec<f64> {
    let gradient = of.grad(gradients).expect("the graph is cut");
    assert_eq!((gradient.dims(), gradient.dtype()), (of.dims(), of.dtype()));
    flat(&gradient)
}

/// Whether two lists differ by no more than `share` of their largest number.
#[track_caller]
pub fn assert_near(got: &[f64], want: &[f64], share: f64) {
    assert_eq!(got.len(), want.len());
    let largest = want.iter().fold(0f64, |largest, x| largest.max(x.abs()));
    for (at, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= share * largest, "element {at}: {got:e} is not {want:e}");
    }
}
