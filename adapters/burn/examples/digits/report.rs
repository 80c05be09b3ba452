//! What burn's training loop reports: a line for every tenth epoch, and the curves as a picture.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use burn::train::logger::{EvaluationProgressLogger, TrainingProgressLogger};
use burn::train::metric::{MetricDefinition, MetricEntry, MetricId, NumericEntry};
use burn::train::renderer::{
    EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation, MetricsRendererTraining,
};

/// One number for each epoch.
#[derive(Clone, Debug, Default)]
pub struct Curves {
    /// The training loss.
    pub losses: Vec<f64>,
    /// How many of the test images are read as what they are, in percent.
    pub accuracies: Vec<f64>,
}

impl Curves {
    /// The accuracy after the last epoch.
    pub fn accuracy(&self) -> f64 {
        self.accuracies.last().copied().unwrap_or(0.0)
    }
}

/// Prints and collects the metrics of a training.
pub struct Report {
    curves: Arc<Mutex<Curves>>,
    names: HashMap<MetricId, String>,
    loss: Average,
    accuracy: Average,
}

impl Report {
    pub fn new(curves: Arc<Mutex<Curves>>) -> Self {
        Report { curves, names: HashMap::new(), loss: Average::default(), accuracy: Average::default() }
    }

    fn is(&self, entry: &MetricEntry, name: &str) -> bool {
        self.names.get(&entry.metric_id).is_some_and(|known| known == name)
    }
}

/// The mean over the batches of an epoch.
#[derive(Default)]
struct Average {
    sum: f64,
    count: usize,
}

impl Average {
    fn add(&mut self, entry: &NumericEntry) {
        let (value, count) = match entry {
            NumericEntry::Value(value) => (*value, 1),
            NumericEntry::Aggregated { aggregated_value, count } => (*aggregated_value, *count),
            // That of the whole epoch, which is what we have added up.
            NumericEntry::Final(_) => return,
        };
        self.sum += value * count as f64;
        self.count += count;
    }

    fn take(&mut self) -> f64 {
        let Average { sum, count } = std::mem::take(self);
        sum / count as f64
    }
}

impl MetricsRendererTraining for Report {
    fn update_train(&mut self, state: MetricState) {
        if let MetricState::Numeric(entry, Some(number)) = state
            && self.is(&entry, "Loss")
        {
            self.loss.add(&number);
        }
    }

    fn update_valid(&mut self, state: MetricState) {
        if let MetricState::Numeric(entry, Some(number)) = state
            && self.is(&entry, "Accuracy")
        {
            self.accuracy.add(&number);
        }
    }
}

impl TrainingProgressLogger for Report {
    fn start(&mut self, _: usize, _: usize, _: Option<usize>, _: Option<&str>) {}
    fn start_split(&mut self, _: &str, _: usize) {}
    fn update_split(&mut self, _: usize) {}
    fn end_split(&mut self) {}
    fn end(&mut self) {}
    fn log_event_training(&mut self, _: String) {}

    fn update_epoch(&mut self, _: usize) {
        let mut curves = self.curves.lock().expect("the training goes on");
        let (loss, accuracy) = (self.loss.take(), self.accuracy.take());
        curves.losses.push(loss);
        curves.accuracies.push(accuracy);
        let epoch = curves.losses.len();
        if epoch.is_multiple_of(10) {
            println!("  epoch {epoch:2}   training loss {loss:.4}   test accuracy {accuracy:.1} %");
        }
    }
}

impl MetricsRenderer for Report {
    fn manual_close(&mut self) {}

    fn register_metric(&mut self, definition: MetricDefinition) {
        self.names.insert(definition.metric_id, definition.name.to_string());
    }
}

/// There is no evaluation beside that of the training.
impl MetricsRendererEvaluation for Report {
    fn update_test(&mut self, _: EvaluationName, _: MetricState) {}
}

impl EvaluationProgressLogger for Report {
    fn start_global_progress(&mut self, _: usize) {}
    fn start_test(&mut self, _: &str, _: usize) {}
    fn update_test_progress(&mut self, _: usize) {}
    fn end_test(&mut self) {}
    fn end_global_progress(&mut self) {}
    fn log_event_evaluation(&mut self, _: String) {}
}

/// The training losses over the epochs, as SVG. Each curve is relative to where it starts, for the scales differ.
pub fn draw(runs: &[(&str, Curves)]) -> String {
    let (width, height, edge) = (480.0, 300.0, 40.0);
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' font-family='sans-serif' font-size='12'>\n\
         <rect width='{width}' height='{height}' fill='white'/>\n\
         <path d='M{edge} {edge} V{} H{}' fill='none' stroke='gray'/>\n\
         <text x='{edge}' y='20'>training loss, as a share of that of the first epoch</text>\n\
         <text x='{}' y='{}' text-anchor='end'>epoch {}</text>\n",
        height - edge,
        width - edge,
        width - edge,
        height - edge + 16.0,
        runs.first().map_or(0, |(_, curves)| curves.losses.len()),
    );
    for (((name, curves), colour), line) in runs.iter().zip(["#c03028", "#2860b0"]).zip([60.0, 76.0]) {
        let last = curves.losses.len().saturating_sub(1).max(1) as f64;
        let points = curves.losses.iter().enumerate().map(|(epoch, loss)| {
            let x = edge + (width - 2.0 * edge) * epoch as f64 / last;
            let y = height - edge - (height - 2.0 * edge) * loss / curves.losses[0];
            format!("{x:.1},{y:.1}")
        });
        let _ = writeln!(
            svg,
            "<polyline points='{}' fill='none' stroke='{colour}' stroke-width='1.5'/>\n\
             <text x='{}' y='{line}' text-anchor='end' fill='{colour}'>{name}: {:.1} % of the test images</text>",
            points.collect::<Vec<_>>().join(" "),
            width - edge,
            curves.accuracy()
        );
    }
    svg + "</svg>\n"
}
