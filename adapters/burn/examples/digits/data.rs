//! The data set and its batches.

use std::error::Error;

use burn::data::dataloader::batcher::Batcher;
use burn::tensor::{Device, Int, Tensor, TensorData};

pub const PIXELS: usize = 64;
pub const CLASSES: usize = 10;

/// The share of the labels that are drawn at random.
const WRONG: f64 = 0.33;

/// An image, a row of pixels from 0 to 1, and the digit that it is said to show.
#[derive(Clone, Debug)]
pub struct Image {
    pixels: Vec<f32>,
    label: u8,
}

/// Several images.
#[derive(Clone, Debug)]
pub struct Batch {
    pub images: Tensor<2>,
    pub labels: Tensor<1, Int>,
}

/// Makes batches of images.
pub struct Batches;

impl Batcher<Image, Batch> for Batches {
    fn batch(&self, images: Vec<Image>, device: &Device) -> Batch {
        let labels: Vec<i64> = images.iter().map(|image| i64::from(image.label)).collect();
        let count = labels.len();
        let pixels: Vec<f32> = images.into_iter().flat_map(|image| image.pixels).collect();
        Batch {
            images: Tensor::from_data(TensorData::new(pixels, [count, PIXELS]), device),
            labels: Tensor::from_data(TensorData::new(labels, [count]), device),
        }
    }
}

/// Reads the data set and splits it, always in the same way: 70 % to train on, of which a third get a label at random, and
/// 30 % to test on. A line is an image, 64 pixels from `0` to `g`, which is 16, and the label behind a blank.
pub fn load(seed: u64) -> Result<(Vec<Image>, Vec<Image>), Box<dyn Error>> {
    let mut images = Vec::new();
    for line in include_str!("../../../../examples/data/digits.txt").lines() {
        let (image, label) = line.split_once(' ').ok_or("an image without a label")?;
        let pixels = image.chars().map(|pixel| pixel.to_digit(17).map(|pixel| pixel as f32 / 16.0));
        let pixels = pixels.collect::<Option<Vec<f32>>>().ok_or("a pixel that is none of 0 to g")?;
        images.push(Image { pixels, label: label.parse()? });
    }
    let mut random = Random(seed);
    for i in (1..images.len()).rev() {
        images.swap(i, (random.next() % (i as u64 + 1)) as usize);
    }
    let test = images.split_off(images.len() * 7 / 10);
    for image in &mut images {
        if (random.next() >> 11) as f64 / ((1u64 << 53) as f64) < WRONG {
            image.label = (random.next() % CLASSES as u64) as u8;
        }
    }
    Ok((images, test))
}

/// A small generator of random numbers (SplitMix64), so that every run has the same data.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
