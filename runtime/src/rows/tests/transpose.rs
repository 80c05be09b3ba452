//! Rows to groups and back, at lengths around a block, for lanes with and without gaps.

use crate::rows::lanes::LANES;
use crate::rows::transpose::{gather_rows, scatter_rows};

#[test]
fn there_and_back() {
    for length in 0..14usize {
        // Rows that lie backwards and with gaps.
        let offsets: Vec<isize> = (0..LANES).map(|lane| ((LANES - 1 - lane) * 17) as isize).collect();
        let memory: Vec<f32> = (0..LANES * 17).map(|at| at as f32).collect();
        let mut groups = vec![-1.0f32; length * LANES];
        // SAFETY: rows have up to 17 elements, and there are as many groups as positions.
        unsafe { gather_rows(memory.as_ptr(), &offsets, length, groups.as_mut_ptr()) };
        for (lane, offset) in offsets.iter().enumerate() {
            for at in 0..length {
                assert_eq!(groups[at * LANES + lane], memory[*offset as usize + at], "{length} {lane} {at}");
            }
        }
        for lanes in
            [(0..LANES).collect::<Vec<_>>(), (0..LANES).filter(|lane| lane % 7 != 3).collect(), vec![5]]
        {
            let mut back = vec![-1.0f32; LANES * 17];
            // SAFETY: as above.
            unsafe { scatter_rows(groups.as_ptr(), &lanes, &offsets, length, back.as_mut_ptr()) };
            for (lane, offset) in offsets.iter().enumerate() {
                for at in 0..17 {
                    let place = *offset as usize + at;
                    let written = at < length && lanes.contains(&lane);
                    assert_eq!(
                        back[place],
                        if written { memory[place] } else { -1.0 },
                        "{length} {lane} {at}"
                    );
                }
            }
        }
    }
}
