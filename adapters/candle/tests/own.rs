//! Losses that are not in the library: of a `.def` file, and read at run time. Both are one loss.

mod given;

use candle_core::{DType, Result, Tensor, Var};
use given::{Random, assert_near, flat, gradient, number, own};
use lossdef_candle::{Loss, Reduction};

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

/// Every loss that comes with the library can be called, and is a node of the graph.
#[test]
fn every_loss_of_the_library() -> Result<()> {
    use lossdef::spec::{AxisSpec, Role};
    let mut random = Random(22);
    for formula in lossdef::losses::CATALOGUE.iter() {
        let spec = formula.spec();
        let mut inputs = Vec::new();
        for input in spec.inputs.iter().filter(|input| input.default.is_none()) {
            let sizes = input.axes.iter().map(|axis| if *axis == AxisSpec::Samples { 3 } else { 4 });
            let sizes: Vec<usize> = sizes.collect();
            let unit = random.tensor(sizes.clone(), 0.4, DType::F64)?.affine(1.0, 0.5)?;
            inputs.push(match input.role {
                Role::Real => Var::from_tensor(&unit)?.into_inner(),
                Role::Bool => unit.gt(0.5)?,
                Role::Int | Role::Index(_) => unit.zeros_like()?.to_dtype(DType::I64)?,
                Role::Set(_) => unit.zeros_like()?.affine(0.0, -1.0)?.to_dtype(DType::I64)?,
            });
        }
        let mut loss = Loss::new(formula);
        for parameter in spec.parameters.iter().filter(|parameter| parameter.default.is_none()) {
            loss = loss.parameter(parameter.name, 1.0);
        }
        let given: Vec<&Tensor> = inputs.iter().collect();
        let value =
            loss.on(&given).forward().map_err(|error| error.context(format!("{}: {spec:?}", spec.name)))?;
        assert!(number(&value).is_finite(), "{}", spec.name);
        let store = value.backward()?;
        for (input, tensor) in spec.inputs.iter().zip(&inputs).filter(|(_, tensor)| tensor.is_variable()) {
            assert!(store.get(tensor).is_some(), "{}: no gradient of `{}`", spec.name, input.name);
        }
    }
    Ok(())
}
