//! Programs as data, and the straight-line code of their passes: one struct per pass that computes something.

use super::expression::Block;
use super::fields::{Fields, Structure};
use super::names::Namer;
use crate::ir::{Loss, Reduction, Scalar};
use crate::plan::rows::{Access, Action, Life, Need, Pass, Place, Program, Read, Step, Write};
use crate::plan::{RowPlan, ValueId, Values};
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{format_ident, quote};

/// What is generated for one variant of a loss over named axes.
pub struct Rows {
    /// Structs and programs.
    pub items: TokenStream,
    /// How the visitor is called with them.
    pub visit: TokenStream,
}

/// Generates the programs of a variant; `suffix` tells its names from those of others.
pub fn rows(loss: &Loss, plan: &RowPlan, namer: &Namer, suffix: &str) -> Rows {
    let mut known = Vec::new();
    let mut generate = |program: &Program, word: &str| {
        ProgramGenerator { loss, values: &plan.values, namer, program }.generate(word, suffix, &mut known)
    };
    let numerator = generate(&plan.numerator, "");
    let divisor = plan.divisor.as_ref().map(|program| generate(program, "MeanBy"));
    let divisor_parts = match &divisor {
        Some(Rows { visit, .. }) => quote!(::core::option::Option::Some(#visit)),
        None => quote!(::core::option::Option::None),
    };
    let (items, parts) = (numerator.items, numerator.visit);
    let divisor_items = divisor.map(|divisor| divisor.items);
    Rows { items: quote!(#items #divisor_items), visit: quote!(visitor.rows(#parts, #divisor_parts)) }
}

/// A stage that is there already: its code under no name of its own, and how it is made.
struct Known {
    code: String,
    construction: TokenStream,
}

struct ProgramGenerator<'a> {
    loss: &'a Loss,
    values: &'a Values,
    namer: &'a Namer,
    program: &'a Program,
}

impl ProgramGenerator<'_> {
    fn generate(&self, word: &str, suffix: &str, known: &mut Vec<Known>) -> Rows {
        let mut stages = Vec::new();
        let mut constructions: Vec<TokenStream> = Vec::new();
        let mut phase = |steps: &[Step]| {
            let steps: Vec<TokenStream> = steps
                .iter()
                .map(|step| {
                    let need = need(step.need);
                    match &step.action {
                        Action::Pass(pass) => {
                            let name = format_ident!("{word}Stage{}{suffix}", stages.len() + 1);
                            let construction = self.construction(&name, pass, &mut stages, known);
                            let same = |made: &TokenStream| made.to_string() == construction.to_string();
                            let stage = constructions.iter().position(same).unwrap_or_else(|| {
                                constructions.push(construction.clone());
                                constructions.len() - 1
                            });
                            self.pass(need, pass, stage)
                        }
                        other => action(need, other),
                    }
                })
                .collect();
            quote!(&[#(#steps),*])
        };
        let before = phase(&self.program.before);
        let keep = phase(&self.program.keep);
        let rows = phase(&self.program.rows);
        let after = phase(&self.program.after);
        let loops = self.program.loops.iter().map(|axis| index(self.loss.graph.base(*axis).0 as usize));
        let lists = self.program.lists.iter().map(|list| option(*list));
        let slots = self.program.slots.iter().map(|slot| {
            let (loops, life) = (list(&slot.loops), life(slot.life));
            quote!(rows::slot(#loops, #life))
        });
        let value = index(self.program.value);
        let kept = option(self.program.kept);
        let valid = option(self.program.valid);
        let upper: String = suffix.chars().map(|c| c.to_ascii_uppercase()).collect();
        let name = match (word, upper.as_str()) {
            ("", "") => format_ident!("PROGRAM"),
            ("", upper) => format_ident!("PROGRAM_{upper}"),
            (_, "") => format_ident!("MEAN_BY"),
            (_, upper) => format_ident!("MEAN_BY_{upper}"),
        };
        let items = quote! {
            #(#stages)*

            const #name: &rows::Program<'static> = &rows::Program {
                loops: &[#(#loops),*],
                lists: &[#(#lists),*],
                slots: &[#(#slots),*],
                before: #before,
                keep: #keep,
                rows: #rows,
                after: #after,
                value: #value,
                kept: #kept,
                valid: #valid,
            };
        };
        let visit = quote!(rows::Parts { program: #name, stages: &[#(&rows::entry(#constructions)),*] });
        Rows { items, visit }
    }

    /// How the stage of a pass is made; its struct is added to the stages unless there is one like it.
    fn construction(
        &self,
        name: &Ident,
        pass: &Pass,
        stages: &mut Vec<TokenStream>,
        known: &mut Vec<Known>,
    ) -> TokenStream {
        if let ([(read, _)], [output]) = (&pass.reads[..], &pass.outputs[..])
            && *read == output.value
            && output.fold.is_none()
            && self.values.get(*read).scalar == Scalar::Real
        {
            return quote!(rows::Same);
        }
        let code = self.stage(&format_ident!("Stage"), pass).items.to_string();
        if let Some(known) = known.iter().find(|known| known.code == code) {
            return known.construction.clone();
        }
        let Structure { items, construction, .. } = self.stage(name, pass);
        let doc = self.describe(pass);
        stages.push(quote!(#[doc = #doc] #items));
        known.push(Known { code, construction: construction.clone() });
        construction
    }

    /// The struct of a pass, with its straight-line code.
    fn stage(&self, name: &Ident, pass: &Pass) -> Structure {
        let outputs: Vec<ValueId> = pass.outputs.iter().map(|output| output.value).collect();
        let given = |id: ValueId| pass.position == Some(id) || pass.reads.iter().any(|(read, _)| *read == id);
        let fields = Fields::new(self.values, self.namer, &outputs, given);
        let Structure { items, name, construction } = fields.structure(name);

        let mut block = Block::new(self.values, self.namer, &outputs, given);
        let mut statements = fields.bind(&mut block);
        let mut inputs = Vec::new();
        for (id, _) in &pass.reads {
            let word = self.namer.of(*id);
            inputs.push(quote!(#word));
            block.bind(*id, quote!(#word));
            if self.values.get(*id).scalar == Scalar::Bool {
                statements.push(quote!(let #word = #word != R::lit(0.0);));
            }
        }
        let position = match pass.position {
            Some(id) => {
                let word = self.namer.of(id);
                block.bind(id, quote!(#word));
                quote!(#word)
            }
            None => quote!(_),
        };
        for id in self.values.needed_beyond(&outputs, given) {
            if !self.values.get(id).fixed && !given(id) {
                statements.extend(block.statement(id));
            }
        }
        let results = outputs.iter().map(|id| {
            let value = block.value(*id);
            match self.values.get(*id).scalar {
                Scalar::Real => value,
                Scalar::Bool => quote!(R::select(#value, R::lit(1.0), R::lit(0.0))),
            }
        });
        let kinds = pass.outputs.iter().map(|output| kind(output.fold));
        // What does not look at its position may run over any number of them.
        let positioned = pass.position.is_none().then(|| {
            quote!(
                const POSITION: bool = false;
            )
        });
        let once = pass.loops.is_empty().then(|| {
            quote!(
                const ONCE: bool = true;
            )
        });
        let (i, o) = (index(pass.reads.len()), index(outputs.len()));
        let all = self.namer.own("inputs");
        let items = quote! {
            #items

            impl<T: Float> rows::Stage<T, #i, #o> for #name {
                const KINDS: [Kind; #o] = [#(#kinds),*];
                #positioned
                #once

                #[inline(always)]
                fn run<R: Real<Scalar = T>>(&self, #all: [R; #i], #position: R) -> [R; #o] {
                    let [#(#inputs),*] = #all;
                    #(#statements)*
                    [#(#results),*]
                }
            }
        };
        Structure { items, name, construction }
    }

    /// A sentence about a pass: its loops and what it leads to.
    fn describe(&self, pass: &Pass) -> String {
        let loops: Vec<&str> =
            pass.loops.iter().map(|number| self.loss.graph.axis_name(self.program.loops[*number])).collect();
        let outputs = pass.outputs.iter().map(|output| match (&output.write, output.fold) {
            (Write::Gradient { input, .. }, _) => {
                format!("the derivative in {}", self.loss.inputs[*input].name)
            }
            (Write::Store(slot) | Write::Fold(slot) | Write::Total(slot), _) => {
                self.namer.of(self.program.slots[*slot].value).to_string()
            }
        });
        let outputs: Vec<String> = outputs.collect();
        let place = if loops.is_empty() { "Once".to_owned() } else { format!("Over {}", loops.join(", ")) };
        format!(" {place}: {}.", outputs.join(", "))
    }

    fn pass(&self, need: TokenStream, pass: &Pass, stage: usize) -> TokenStream {
        let (stage, loops) = (index(stage), list(&pass.loops));
        let reads = pass.reads.iter().map(|(_, from)| read(from));
        let writes = pass.outputs.iter().map(|output| write(&output.write));
        quote!(rows::pass(#need, #stage, #loops, &[#(#reads),*], &[#(#writes),*]))
    }
}

fn action(need: TokenStream, action: &Action) -> TokenStream {
    match action {
        Action::Gather { from, into } => {
            let (from, into) = (access(from), index(*into));
            quote!(rows::gather(#need, #from, #into))
        }
        Action::Product { left, right, over, into } => {
            let (left, right, over, into) = (read(left), read(right), index(*over), index(*into));
            quote!(rows::product(#need, #left, #right, #over, #into))
        }
        Action::Total { left, right, into } => {
            let (left, right, into) = (read(left), read(right), index(*into));
            quote!(rows::total(#need, #left, #right, #into))
        }
        Action::Pass(_) => TokenStream::new(),
    }
}

fn read(from: &Read) -> TokenStream {
    match from {
        Read::Slot(slot) => {
            let slot = index(*slot);
            quote!(Read::Slot(#slot))
        }
        Read::Input(from) => {
            let from = access(from);
            quote!(Read::Input(#from))
        }
        Read::Index(over) => {
            let over = index(*over);
            quote!(Read::Index(#over))
        }
        Read::Sample(axis) => {
            let axis = index(axis.0 as usize);
            quote!(Read::Sample(#axis))
        }
        Read::Size(axis) => {
            let axis = index(axis.0 as usize);
            quote!(Read::Size(#axis))
        }
        Read::Upstream => quote!(Read::Upstream),
    }
}

fn access(from: &Access) -> TokenStream {
    let (input, at) = (index(from.input), from.at.iter().map(place));
    let word = if from.member { quote!(member) } else { quote!(at) };
    quote!(rows::#word(#input, &[#(#at),*]))
}

fn place(place: &Place) -> TokenStream {
    match place {
        Place::Sample => quote!(Place::Sample),
        Place::Loop(over) => {
            let over = index(*over);
            quote!(Place::Loop(#over))
        }
        Place::Slot(slot) => {
            let slot = index(*slot);
            quote!(Place::Slot(#slot))
        }
    }
}

fn write(to: &Write) -> TokenStream {
    match to {
        Write::Store(slot) => {
            let slot = index(*slot);
            quote!(Write::Store(#slot))
        }
        Write::Fold(slot) => {
            let slot = index(*slot);
            quote!(Write::Fold(#slot))
        }
        Write::Total(slot) => {
            let slot = index(*slot);
            quote!(Write::Total(#slot))
        }
        Write::Gradient { input, at } => {
            let (input, at) = (index(*input), at.iter().map(place));
            quote!(Write::Gradient { input: #input, at: &[#(#at),*] })
        }
    }
}

fn kind(fold: Option<Reduction>) -> TokenStream {
    match fold {
        None => quote!(Kind::Each),
        Some(Reduction::Max) => quote!(Kind::Max),
        Some(Reduction::Min) => quote!(Kind::Min),
        Some(Reduction::Prod) => quote!(Kind::Prod),
        Some(Reduction::Norm) => quote!(Kind::Norm),
        Some(Reduction::Excess) => quote!(Kind::Excess),
        Some(_) => quote!(Kind::Sum),
    }
}

fn need(need: Need) -> TokenStream {
    match need {
        Need::Value => quote!(Need::Value),
        Need::Gradient => quote!(Need::Gradient),
        Need::Gradients => quote!(Need::Gradients),
    }
}

fn life(life: Life) -> TokenStream {
    match life {
        Life::Call => quote!(Life::Call),
        Life::Row => quote!(Life::Row),
        Life::Total => quote!(Life::Total),
        Life::After => quote!(Life::After),
    }
}

fn index(number: usize) -> Literal {
    Literal::usize_unsuffixed(number)
}

fn list(numbers: &[usize]) -> TokenStream {
    let numbers = numbers.iter().map(|number| index(*number));
    quote!(&[#(#numbers),*])
}

fn option(slot: Option<usize>) -> TokenStream {
    match slot {
        Some(slot) => {
            let slot = index(slot);
            quote!(::core::option::Option::Some(#slot))
        }
        None => quote!(::core::option::Option::None),
    }
}
