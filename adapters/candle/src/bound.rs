//! A loss with the tensors of one call, all of them on the CPU, and its evaluation without copies.

use candle_core::{CpuStorage, Error, Layout, Result, Storage, StorageRef, Tensor};
use lossdef::ReductionKind;
use lossdef::any::AnyView;
use lossdef::dynamic::{DynamicCall, Evaluation};
use lossdef::spec::{InputSpec, Role};
use ndarray::{ArrayView, ArrayViewD, IxDyn, ShapeBuilder};

/// What a loss is set to.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub parameters: Vec<(String, f64)>,
    pub axes: Vec<(String, usize)>,
    pub reduction: ReductionKind,
    pub check: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let reduction = ReductionKind::Mean;
        Settings { parameters: Vec::new(), axes: Vec::new(), reduction, check: true }
    }
}

/// One call: every input that was given, in the order of the formula.
#[derive(Debug)]
pub(crate) struct Bound {
    pub formula: &'static dyn lossdef::Loss,
    pub settings: Settings,
    pub inputs: Vec<(&'static InputSpec, Tensor)>,
}

impl Bound {
    /// The result, and the gradients of these inputs times the derivative in each value of an unreduced result.
    pub fn evaluate(&self, gradients: &[&'static str], upstream: Option<&Tensor>) -> Result<Evaluation> {
        let loss = self.formula.spec().name;
        let truths = self.inputs.iter().map(|(input, tensor)| truths(input, tensor));
        let truths = truths.collect::<Result<Vec<_>>>()?;
        let read: Vec<_> = self.inputs.iter().map(|(_, tensor)| tensor.storage_and_layout()).collect();
        let upstream = upstream.map(Tensor::storage_and_layout);

        let mut call = DynamicCall::new(self.formula).reduction(self.settings.reduction);
        for (((input, tensor), truths), read) in self.inputs.iter().zip(&truths).zip(&read) {
            let view = match truths {
                Some(truths) => ArrayView::from_shape(tensor.dims(), truths).map_err(Error::wrap)?.into(),
                None => view(read, loss, input.name)?,
            };
            call = call.input(input.name, view);
        }
        for (name, value) in &self.settings.parameters {
            call = call.parameter(name, *value);
        }
        for (name, place) in &self.settings.axes {
            call = call.axis(name, *place);
        }
        for name in gradients {
            call = call.gradient(name);
        }
        if let Some(upstream) = &upstream {
            call = call.upstream_each(view(upstream, loss, "upstream")?);
        }
        if !self.settings.check {
            call = call.unchecked();
        }
        call.evaluate().map_err(wrapped)
    }

    /// The tensor given for an input.
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.inputs.iter().find(|(input, _)| input.name == name).map(|(_, tensor)| tensor)
    }
}

/// An error of lossdef as one of candle.
pub(crate) fn wrapped(error: lossdef::Error) -> Error {
    Error::wrap(error)
}

/// Truth values, where an input takes these: candle has none, and its comparisons give 0 and 1 as `u8`. As in
/// candle's `where_cond`, every whole number but 0 is true.
fn truths(input: &InputSpec, tensor: &Tensor) -> Result<Option<Vec<bool>>> {
    if input.role != Role::Bool || !tensor.dtype().is_int() {
        return Ok(None);
    }
    let set = tensor.ne(0u8)?.flatten_all()?.to_vec1::<u8>()?;
    Ok(Some(set.into_iter().map(|byte| byte != 0).collect()))
}

/// The elements of a tensor where they lie.
fn view<'a>(
    (storage, layout): &'a (StorageRef<'_>, &Layout),
    loss: &'static str,
    input: &'static str,
) -> Result<AnyView<'a>> {
    let Storage::Cpu(storage) = &**storage else {
        return Err(Error::Msg(format!("{loss}: `{input}` is not on the CPU")).bt());
    };
    Ok(match storage {
        CpuStorage::F32(data) => strided(data, layout)?.into(),
        CpuStorage::F64(data) => strided(data, layout)?.into(),
        CpuStorage::U8(data) => strided(data, layout)?.into(),
        CpuStorage::U32(data) => strided(data, layout)?.into(),
        CpuStorage::I16(data) => strided(data, layout)?.into(),
        CpuStorage::I32(data) => strided(data, layout)?.into(),
        CpuStorage::I64(data) => strided(data, layout)?.into(),
        other => {
            let found = candle_core::backend::BackendStorage::dtype(other).as_str();
            let expected = "elements of type f32 or f64, which `to_dtype` gives; gradients pass through it";
            return Err(wrapped(lossdef::Error::ElementType { loss, input, found, expected }));
        }
    })
}

fn strided<'a, T>(data: &'a [T], layout: &Layout) -> Result<ArrayViewD<'a, T>> {
    let shape = IxDyn(layout.dims());
    let view = match data.get(layout.start_offset()..) {
        Some(data) if layout.shape().elem_count() > 0 => {
            ArrayView::from_shape(shape.strides(IxDyn(layout.stride())), data)
        }
        // Without elements there is nothing that strides could lead to.
        _ => ArrayView::from_shape(shape, &[][..]),
    };
    view.map_err(Error::wrap)
}
