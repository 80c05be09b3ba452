//! Losses that are not in the library: of a `.def` file, and read at run time. Both are one loss.

mod given;

use candle_core::{DType, Result, Tensor, Var};
use given::{Random, assert_near, flat, gradient, own};
use lossdef::any::AnyArray;
use lossdef::dynamic::DynamicCall;
use lossdef::spec::{AxisSpec, InputSpec, Role};
use lossdef_candle::{Loss, Reduction};
use ndarray::ArrayD;

#[test]
fn a_file_and_a_text() -> Result<()> {
    let mut random = Random(21);
    let (x, y) = (random.var((5, 6), 4.0, DType::F64)?, random.tensor((5, 6), 4.0, DType::F64)?);
    let compiled = Loss::new(own::Lorentzian::dynamic());
    let by_name = Loss::of(own::CATALOGUE, "lorentzian")?;
    let module = lossdef_engine::load("own.def", include_str!("own.def")).expect("formulas");
    let read = Loss::new(module.get("lorentzian").expect("the loss").dynamic());
    for reduction in [Reduction::Mean, Reduction::None] {
        let run = |loss: &Loss| -> Result<(Vec<f64>, Vec<f64>)> {
            let loss = loss.clone().parameter("scale", 3.0).reduction(reduction);
            let value = loss.forward(&x, &y)?;
            Ok((flat(&value), gradient(&value.backward()?, &x)))
        };
        let want = run(&compiled)?;
        assert_eq!(run(&by_name)?, want);
        assert_eq!(run(&read)?, want);
    }
    let store = compiled.reduction(Reduction::Sum).forward(&x, &y)?.backward()?;
    let distance = (&*x - &y)?;
    let slopes = (&distance * 2.0)?.div(&distance.sqr()?.affine(1.0, 1.0)?)?;
    assert_near(&gradient(&store, &x), &flat(&slopes), 1e-14);
    Ok(())
}

/// Every loss that comes with the library gives the bits that it gives without candle, in value and gradients.
#[test]
fn every_loss_of_the_library() -> Result<()> {
    let mut random = Random(22);
    for formula in lossdef::losses::CATALOGUE.iter() {
        let spec = formula.spec();
        let required = spec.inputs.iter().filter(|input| input.default.is_none());
        let inputs = required.map(|input| Ok((input, input_of(input, &mut random)?)));
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        let tensors: Vec<&Tensor> = inputs.iter().map(|(_, tensor)| tensor).collect();
        for reduction in [Reduction::Mean, Reduction::Sum, Reduction::None] {
            let mut loss = Loss::new(formula).reduction(reduction);
            let mut bare = DynamicCall::new(formula).reduction(reduction);
            for parameter in spec.parameters.iter().filter(|parameter| parameter.default.is_none()) {
                loss = loss.parameter(parameter.name, 1.0);
                bare = bare.parameter(parameter.name, 1.0);
            }
            let value = loss.on(&tensors).forward()?;
            let store = value.sum_all()?.backward()?;

            let arrays = inputs.iter().map(|(input, tensor)| {
                ArrayD::from_shape_vec(tensor.dims(), flat(tensor)).map(|array| (*input, array, tensor))
            });
            let arrays = arrays.collect::<std::result::Result<Vec<_>, _>>().expect("the shape of its tensor");
            let whole: Vec<_> = arrays.iter().map(|(_, array, _)| array.mapv(|x| x as i64)).collect();
            let truths: Vec<_> = arrays.iter().map(|(_, array, _)| array.mapv(|x| x != 0.0)).collect();
            for (((input, array, _), whole), truths) in arrays.iter().zip(&whole).zip(&truths) {
                bare = match input.role {
                    Role::Real => bare.input(input.name, array).gradient(input.name),
                    Role::Bool => bare.input(input.name, truths),
                    Role::Int | Role::Index(_) | Role::Set(_) => bare.input(input.name, whole),
                };
            }
            let want = bare.evaluate().expect("a call without candle");
            assert_eq!(
                (value.dims(), flat(&value)),
                (want.value.shape(), elements(&want.value)),
                "{}",
                spec.name
            );
            assert!(flat(&value).iter().all(|x| x.is_finite()), "{}", spec.name);
            for (input, _, tensor) in arrays.iter().filter(|(input, ..)| input.role == Role::Real) {
                let want = elements(want.gradient(input.name).expect("a gradient"));
                assert_eq!(gradient(&store, tensor), want, "{}: `{}`", spec.name, input.name);
            }
        }
    }
    Ok(())
}

/// Something that may stand for an input: numbers between 0.1 and 0.9, and labels.
fn input_of(input: &InputSpec, random: &mut Random) -> Result<Tensor> {
    let sizes = input.axes.iter().map(|axis| if *axis == AxisSpec::Samples { 3 } else { 4 });
    let numbers = random.tensor(sizes.collect::<Vec<usize>>(), 0.4, DType::F64)?.affine(1.0, 0.5)?;
    Ok(match input.role {
        Role::Real => Var::from_tensor(&numbers)?.into_inner(),
        Role::Bool => numbers.gt(0.5)?,
        Role::Int | Role::Index(_) => numbers.affine(4.0, 0.0)?.to_dtype(DType::I64)?,
        // A list of labels that ends at the first negative one.
        Role::Set(_) => numbers.affine(4.0, -1.5)?.floor()?.to_dtype(DType::I64)?,
    })
}

fn elements(array: &AnyArray) -> Vec<f64> {
    array.to_f64().iter().copied().collect()
}
