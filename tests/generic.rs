//! Code that is generic over losses: a closure has the types and the settings, `&dyn Loss` the names.

use lossdef::losses::{CrossEntropy, Huber, Mse};
use lossdef::{Element, Error, Loss, Sum};
use ndarray::{Array1, Array2, array};

/// Steps down the gradient of any loss of two vectors.
fn descend<T: Element>(
    loss: impl Fn(&Array1<T>, &Array1<T>) -> Result<(T, Array1<T>), Error>,
    mut x: Array1<T>,
    y: &Array1<T>,
) -> Result<(T, Array1<T>), Error> {
    for _ in 0..100 {
        let (_, gradient) = loss(&x, y)?;
        x.zip_mut_with(&gradient, |x, g| *x = T::from_f64(x.to_f64() - g.to_f64()));
    }
    Ok((loss(&x, y)?.0, x))
}

/// The same for losses whose names are known at run time only.
fn descend_by_name(loss: &dyn Loss, mut x: Array1<f64>, y: &Array1<f64>) -> Result<f64, Error> {
    for _ in 0..100 {
        let result = loss.call().input("input", &x).input("target", y).gradient("input").evaluate()?;
        x -= result.gradient("input").and_then(|gradient| gradient.as_f64()).expect("it was asked for");
    }
    let result = loss.call().input("input", &x).input("target", y).evaluate()?;
    Ok(result.value.scalar().expect("a mean"))
}

#[test]
fn closures_have_the_settings_of_a_loss() {
    let (x, y) = (array![3.0, -2.0], array![0.5, 0.25]);
    let (value, end) = descend(|x, y| Mse::new().forward_backward(x, y), x.clone(), &y).unwrap();
    assert!(value < 1e-12 && (end - &y).mapv(f64::abs).sum() < 1e-6);
    let huber = Huber::new().delta(0.5).reduction(Sum);
    let (value, _) = descend(|x, y| huber.forward_backward(x, y), x, &y).unwrap();
    assert!(value < 1e-12);
    let weight = array![0.0f32, 1.0];
    let weighted =
        |x: &Array1<f32>, y: &Array1<f32>| Huber::new().on(x, y).weight(&weight).forward_backward();
    let (value, end) = descend(weighted, array![3.0f32, -2.0], &array![0.5f32, 0.25]).unwrap();
    assert!(value < 1e-6 && end[0] == 3.0);
}

#[test]
fn closures_may_take_labels() {
    fn run(loss: impl Fn(&Array2<f32>, &Array1<u16>) -> Result<f32, Error>) -> f32 {
        loss(&array![[2.0, 0.0], [0.0, 2.0]], &array![0, 1]).unwrap()
    }
    let plain = run(|x, y| CrossEntropy::new().forward(x, y));
    let smooth = run(|x, y| CrossEntropy::new().label_smoothing(0.1).forward(x, y));
    assert!(plain < smooth);
}

#[test]
fn losses_by_name_share_a_type() {
    let (x, y) = (array![3.0, -2.0], array![0.5, 0.25]);
    for loss in [Mse::dynamic(), Huber::dynamic()] {
        let value = descend_by_name(loss, x.clone(), &y).unwrap();
        assert!(value < 1e-12, "{}: {value}", loss.spec().name);
    }
}
