//! The pictures of a loss: value and gradient over an input, and errors over its whole range.

use maud::{Markup, PreEscaped, html};

use super::plot::{Axis, Plot};
use crate::checks::accuracy::Sweep;
use crate::page::curves::{Curve, Figure};
use crate::ulp::Format;

/// Classes of curves, each with a colour and a dash of its own.
const CURVES: [&str; 3] = ["curve c0", "curve c1", "curve c2"];

/// Bins of a sweep.
const BINS: usize = 150;

/// Value and gradient, side by side: the first input open, the others folded.
pub fn curves(figures: &[Figure]) -> Markup {
    let first = figures.first().map(|figure| figure.input.as_str());
    let (open, folded): (Vec<&Figure>, Vec<&Figure>) =
        figures.iter().partition(|figure| Some(figure.input.as_str()) == first);
    html! {
        @for figure in open { (pair(figure)) }
        @if !folded.is_empty() {
            details { summary { "Over the other inputs" } @for figure in folded { (pair(figure)) } }
        }
    }
}

fn pair(figure: &Figure) -> Markup {
    html! {
        figure {
            div.pair {
                (PreEscaped(picture(figure, 1)))
                (PreEscaped(picture(figure, 2)))
            }
            figcaption {
                span.over { "By " (figure.over) ":" }
                @for (curve, class) in figure.curves.iter().zip(CURVES) {
                    span.key { span.swatch.(class.replace(' ', ".").replace("curve.", "")) {} (short(&curve.label)) }
                }
                span.key { span.swatch.dot {} "difference" }
                @if figure.curves.iter().any(|curve| !curve.kinks.is_empty()) {
                    span.key { span.swatch.kink {} "kink at " (kinks(figure)) }
                }
            }
        }
    }
}

fn kinks(figure: &Figure) -> String {
    let mut all: Vec<f64> = figure.curves.iter().flat_map(|curve| curve.kinks.iter().copied()).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    let texts: Vec<String> =
        all.iter().take(6).map(|x| format!("{}", (x * 1e4).round() / 1e4 + 0.0)).collect();
    texts.join(", ") + if all.len() > 6 { ", ..." } else { "" }
}

/// A label that fits under a picture.
fn short(label: &str) -> String {
    if label.chars().count() <= 70 {
        label.to_owned()
    } else {
        label.chars().take(68).collect::<String>() + "\u{2026}"
    }
}

fn picture(figure: &Figure, which: usize) -> String {
    let what = if which == 1 { "value".to_owned() } else { format!("d/d {}", figure.input) };
    let xs = figure.curves.iter().flat_map(|curve| curve.points.iter().map(|point| point[0]));
    let ys = figure.curves.iter().flat_map(|curve| curve.points.iter().map(|point| point[which]));
    // A pole would flatten everything else.
    let mut sorted: Vec<f64> = ys.filter(|y| y.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 50;
    let inner = sorted.get(cut).copied().zip(sorted.iter().rev().nth(cut).copied());
    let (low, high) = (sorted.first().copied().unwrap_or(0.0), sorted.last().copied().unwrap_or(1.0));
    let (low, high) = match inner {
        Some((a, b)) if high - low > 8.0 * (b - a) && b > a => {
            (low.max(a - (b - a) / 2.0), high.min(b + (b - a) / 2.0))
        }
        _ => (low, high),
    };
    let mut plot =
        Plot::new(Axis::round(&figure.input, xs, 0.0), Axis::round(&what, [low, high].into_iter(), 0.06));
    for curve in &figure.curves {
        for kink in &curve.kinks {
            plot.mark("kink", *kink);
        }
    }
    for (curve, class) in figure.curves.iter().zip(CURVES) {
        plot.curve(class, broken(curve, which));
    }
    if which == 2 {
        for (at, curve) in figure.curves.iter().enumerate().take(CURVES.len()) {
            plot.dots(&format!("dot d{at}"), curve.differences.iter().map(|[x, y]| (*x, *y)));
        }
    }
    plot.finish(&format!("{what} over {}", figure.input))
}

/// The points of a curve; its derivative breaks at a kink.
fn broken(curve: &Curve, which: usize) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    for pair in curve.points.windows(2) {
        points.push((pair[0][0], pair[0][which]));
        let across = |kink: &&f64| pair[0][0] <= **kink && **kink < pair[1][0];
        if which == 2
            && let Some(kink) = curve.kinks.iter().find(across)
        {
            points.push((*kink, f64::NAN));
        }
    }
    points.extend(curve.points.last().map(|point| (point[0], point[which])));
    points
}

/// Errors over the whole range: the first sweep open, the others folded.
pub fn errors(sweeps: &[Sweep]) -> Markup {
    let Some(first) = sweeps.first() else { return html! {} };
    let main: Vec<&Sweep> = of(sweeps, &first.input);
    let mut inputs: Vec<&str> = Vec::new();
    for sweep in sweeps {
        if sweep.input != first.input && !inputs.contains(&sweep.input.as_str()) {
            inputs.push(&sweep.input);
        }
    }
    html! {
        (figure(&main))
        @if !inputs.is_empty() {
            details { summary { "Over the other inputs" } @for input in inputs { (figure(&of(sweeps, input))) } }
        }
    }
}

/// The first sweep of an input in each format, value and gradient.
fn of<'s>(sweeps: &'s [Sweep], input: &str) -> Vec<&'s Sweep> {
    let wanted = [(Format::F32, false), (Format::F32, true), (Format::F64, false), (Format::F64, true)];
    let find = |(format, gradient)| {
        sweeps
            .iter()
            .find(|sweep| sweep.input == input && sweep.format == format && sweep.gradient == gradient)
    };
    wanted.into_iter().filter_map(find).collect()
}

fn figure(sweeps: &[&Sweep]) -> Markup {
    let Some(first) = sweeps.first() else { return html! {} };
    html! {
        figure {
            div.pair { @for sweep in sweeps { (PreEscaped(error(sweep))) } }
            figcaption {
                span.over { "Error in ULP over all of " (first.input) @if !first.given.is_empty() { ", at " (short(&first.given)) } ":" }
                span.key { span.swatch.ours {} "ours" }
                span.key { span.swatch.naive {} "naive" }
                span.key { "at the top, no digit is right" }
            }
        }
    }
}

fn error(sweep: &Sweep) -> String {
    let (least, most) = sweep.format.exponents();
    let top = sweep.format.bits() as f64 * std::f64::consts::LOG10_2;
    let (least, most) = ((least - sweep.format.bits()) as f64, most as f64);
    // Signed exponents: the largest numbers at both ends, 0 in the middle.
    let place = |x: f64| if x == 0.0 { 0.0 } else { (x.abs().log2().max(least) - least + 4.0).copysign(x) };
    let end = most - least + 5.0;
    let tens: &[i32] = if sweep.format == Format::F32 { &[-20, 0, 20] } else { &[-150, 0, 150] };
    let mut ticks = vec![(0.0, "0".to_owned())];
    for ten in tens {
        let x = 10f64.powi(*ten);
        let text = if *ten == 0 { "1".to_owned() } else { format!("1e{ten}").replace('-', "\u{2212}") };
        ticks.extend([(place(x), text.clone()), (place(-x), format!("\u{2212}{text}"))]);
    }
    let negative = sweep.samples.iter().any(|sample| sample.x < 0.0);
    let x = Axis { label: sweep.input.clone(), low: if negative { -end } else { 0.0 }, high: end, ticks };
    let step = if sweep.format == Format::F32 { 2 } else { 4 };
    let marks = (0..=(top as i32))
        .step_by(step)
        .map(|ten| (f64::from(ten), if ten == 0 { "1".to_owned() } else { format!("1e{ten}") }));
    let what = if sweep.gradient { format!("d/d {}", sweep.input) } else { "value".to_owned() };
    let y = Axis {
        label: format!("{what}, {}", sweep.format.name()),
        low: -1.0,
        high: top,
        ticks: marks.collect(),
    };
    let (low, high) = (x.low, x.high);
    let mut plot = Plot::new(x, y);
    let points = |of: fn(&crate::checks::accuracy::Sample) -> f64| {
        let mut bins = [f64::NAN; BINS];
        for sample in &sweep.samples {
            let at = ((place(sample.x) - low) / (high - low) * BINS as f64) as usize;
            let bin = &mut bins[at.min(BINS - 1)];
            *bin = bin.max(of(sample).max(0.1).log10().min(top));
        }
        let place = |at: usize| low + (at as f64 + 0.5) / BINS as f64 * (high - low);
        let filled = bins.iter().enumerate().filter(|(_, bin)| !bin.is_nan());
        filled.map(|(at, bin)| (place(at), *bin)).collect::<Vec<_>>()
    };
    plot.area("naive", &points(|sample| sample.naive));
    plot.curve("ours", points(|sample| sample.ours));
    plot.finish(&format!("Error of {what} in {} over {}", sweep.format.name(), sweep.input))
}
