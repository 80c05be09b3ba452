//! Arrays that lie in memory in ways other than row by row.

use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn, Slice};

/// How an array lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    RowMajor,
    ColumnMajor,
    /// Every second element along every axis; in between stands what must not be read.
    Spread,
    /// From the last element to the first along every axis.
    Backward,
}

pub const LAYOUTS: [Layout; 4] = [Layout::RowMajor, Layout::ColumnMajor, Layout::Spread, Layout::Backward];

impl Layout {
    /// Memory that [`view`](Self::view) shows as this array.
    pub fn store<T: Clone>(self, array: &ArrayD<T>, between: T) -> ArrayD<T> {
        match self {
            Layout::RowMajor => array.clone(),
            Layout::ColumnMajor => array.t().as_standard_layout().into_owned(),
            Layout::Spread => {
                let shape: Vec<usize> = array.shape().iter().map(|size| 2 * size).collect();
                let mut stored = ArrayD::from_elem(IxDyn(&shape), between);
                stored.slice_each_axis_mut(|_| Slice::new(0, None, 2)).assign(array);
                stored
            }
            Layout::Backward => {
                array.slice_each_axis(|_| Slice::new(0, None, -1)).as_standard_layout().into_owned()
            }
        }
    }

    /// The array of this shape that was stored.
    pub fn view<'a, T>(self, stored: &'a ArrayD<T>, shape: &[usize]) -> ArrayViewD<'a, T> {
        let view = match self {
            Layout::RowMajor => stored.view(),
            Layout::ColumnMajor => stored.t(),
            Layout::Spread => stored.slice_each_axis(|_| Slice::new(0, None, 2)),
            Layout::Backward => {
                let mut view = stored.view();
                (0..view.ndim()).for_each(|axis| view.invert_axis(Axis(axis)));
                view
            }
        };
        assert_eq!(view.shape(), shape, "{self:?}");
        view
    }
}
