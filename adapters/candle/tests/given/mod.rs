//! Numbers for the tests, and how they are compared.

#![allow(dead_code, reason = "each test program uses its own part of it")]
#![allow(unreachable_pub, reason = "what is public here is public to the test program")]

use candle_core::{DType, Device, Result, Shape, Tensor, Var, backprop::GradStore};

/// The losses of `own.def`.
pub mod own {
    lossdef::losses! { "tests/own.def" }
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

    /// Between -1 and 1.
    pub fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// Numbers between -`size` and `size`.
    pub fn tensor(&mut self, shape: impl Into<Shape>, size: f64, dtype: DType) -> Result<Tensor> {
        let shape = shape.into();
        let data: Vec<f64> = (0..shape.elem_count()).map(|_| size * self.uniform()).collect();
        Tensor::from_vec(data, shape, &Device::Cpu)?.to_dtype(dtype)
    }

    /// As [`tensor`](Self::tensor), to be differentiated.
    pub fn var(&mut self, shape: impl Into<Shape>, size: f64, dtype: DType) -> Result<Var> {
        Var::from_tensor(&self.tensor(shape, size, dtype)?)
    }

    /// Labels below `classes`.
    pub fn labels(&mut self, count: usize, classes: u32) -> Result<Tensor> {
        let labels: Vec<u32> = (0..count).map(|_| (self.next() % u64::from(classes)) as u32).collect();
        Tensor::from_vec(labels, count, &Device::Cpu)
    }
}

/// The elements in row-major order.
pub fn flat(tensor: &Tensor) -> Vec<f64> {
    let wide = tensor.to_dtype(DType::F64).and_then(|wide| wide.flatten_all());
    wide.and_then(|wide| wide.to_vec1()).expect("numbers")
}

/// The only element.
pub fn number(tensor: &Tensor) -> f64 {
    assert_eq!(tensor.elem_count(), 1);
    flat(tensor)[0]
}

/// The gradient of a tensor, which must have one.
pub fn gradient(store: &GradStore, of: &Tensor) -> Vec<f64> {
    let gradient = store.get(of).expect("the graph is cut");
    assert_eq!((gradient.dims(), gradient.dtype()), (of.dims(), of.dtype()));
    flat(gradient)
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
