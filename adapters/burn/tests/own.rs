//! Losses that are not in the library: of a `.def` file, and read at run time. Both are one loss.

mod given;

use burn::config::Config;
use burn::nn::loss::Reduction;
use burn::tensor::{DType, Int, Tensor};
use given::{Random, assert_near, device, flat, gradient, number, own};
use lossdef::spec::{AxisSpec, Role};
use lossdef_burn::{Input, Loss, LossConfig};

#[test]
fn a_file_and_a_text() {
    let mut random = Random(21);
    let (x, y) = (random.leaf([5, 6], 4.0, DType::F64), random.tensor([5, 6], 4.0, DType::F64));
    let config = LossConfig::new().with_parameter("scale", 3.0);
    let compiled = config.init(own::Lorentzian::dynamic());
    let by_name = config.init(own::CATALOGUE.get("lorentzian").expect("the loss"));
    let module = lossdef_engine::load("own.def", include_str!("own.def")).expect("formulas");
    let read = config.init(module.get("lorentzian").expect("the loss").dynamic());
    let run = |loss: &Loss| {
        let each: Tensor<2> = loss.forward_no_reduction(x.clone(), y.clone());
        let mean = loss.forward(x.clone(), y.clone(), Reduction::Mean);
        (flat(&each), number(&mean), gradient(&(each.square().sum() + mean).backward(), &x))
    };
    let want = run(&compiled);
    assert_eq!(run(&by_name), want);
    assert_eq!(run(&read), want);
    let value = Loss::new(own::Lorentzian::dynamic()).forward(x.clone(), y.clone(), Reduction::Sum);
    let distance = x.clone() - y;
    let slopes = distance.clone() * 2.0 / (distance.square() + 1.0);
    assert_near(&gradient(&value.backward(), &x), &flat(&slopes), 1e-14);
}

/// Settings are saved with the configuration of an experiment, which has them as a part.
#[test]
fn configurations_are_saved() {
    #[derive(Config, Debug)]
    struct Experiment {
        loss: LossConfig,
        #[config(default = 10)]
        epochs: usize,
    }

    let loss =
        LossConfig::new().with_parameter("scale", 0.1).with_input("weight", [1.0, 0.5]).with_axis("c", 1);
    let experiment = Experiment::new(loss.with_checked(false));
    let path = std::env::temp_dir().join(format!("lossdef-burn-{}.json", std::process::id()));
    experiment.save(&path).expect("a file");
    let loaded = Experiment::load(&path).expect("a configuration").loss;
    std::fs::remove_file(&path).expect("the file");
    assert_eq!(loaded.parameters, experiment.loss.parameters);
    assert_eq!(loaded.inputs, experiment.loss.inputs);
    assert_eq!((loaded.axes, loaded.checked), (experiment.loss.axes, false));
}

/// Every loss that comes with the library can be called, and leads to every input that is a number.
#[test]
fn every_loss_of_the_library() {
    let mut random = Random(22);
    for formula in lossdef::losses::CATALOGUE.iter() {
        let spec = formula.spec();
        let mut config = LossConfig::new();
        for parameter in spec.parameters.iter().filter(|parameter| parameter.default.is_none()) {
            config = config.with_parameter(parameter.name, 1.0);
        }
        let loss = config.init(formula);
        let (mut call, mut leaves) = (loss.call(), Vec::new());
        for input in spec.inputs.iter().filter(|input| input.default.is_none()) {
            let shape: Vec<_> =
                input.axes.iter().map(|axis| if *axis == AxisSpec::Samples { 3 } else { 4 }).collect();
            let unit = random.leaf([shape.iter().product()], 0.4, DType::F64);
            let inside = unit.clone() + 0.5;
            let input_of = |shape: &[usize]| -> Input {
                match (input.role, shape) {
                    (Role::Real, [_]) => inside.clone().into(),
                    (Role::Real, [a, b]) => inside.clone().reshape([*a, *b]).into(),
                    (Role::Bool, [_]) => inside.clone().greater_scalar(0.5).into(),
                    (Role::Int | Role::Index(_), [a]) => Tensor::<1, Int>::zeros([*a], &device()).into(),
                    (Role::Set(_), [a, b]) => (Tensor::<2, Int>::zeros([*a, *b], &device()) - 1).into(),
                    other => panic!("{}: {other:?}", spec.name),
                }
            };
            call = call.input(input.name, input_of(&shape));
            if input.role == Role::Real {
                leaves.push((input.name, unit));
            }
        }
        let value = call.try_forward(Reduction::Mean).unwrap_or_else(|error| panic!("{error}: {spec:?}"));
        assert!(number(&value).is_finite(), "{}", spec.name);
        let store = value.backward();
        for (input, leaf) in leaves {
            assert!(leaf.grad(&store).is_some(), "{}: no gradient of `{input}`", spec.name);
        }
    }
}
