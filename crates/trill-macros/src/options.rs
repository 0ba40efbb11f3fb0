//! What stands in the parentheses of an attribute.

use proc_macro::{Span, TokenStream, TokenTree};

/// The options of an attribute.
#[derive(Default)]
pub(crate) struct Options {
    /// The expression after `workers =`.
    pub(crate) workers: Option<TokenTree>,
}

/// A mistake in the program, and where it is.
pub(crate) struct Mistake {
    pub(crate) span: Span,
    pub(crate) text: String,
}

impl Mistake {
    pub(crate) fn new(span: Span, text: impl Into<String>) -> Mistake {
        Mistake {
            span,
            text: text.into(),
        }
    }
}

/// Reads `workers = N`, or nothing.
pub(crate) fn parse(options: TokenStream) -> Result<Options, Mistake> {
    let mut parsed = Options::default();
    let mut tokens = options.into_iter();
    while let Some(name) = tokens.next() {
        if name.to_string() != "workers" {
            return Err(Mistake::new(
                name.span(),
                "unknown option: the only one is `workers = N`",
            ));
        }
        let equals = tokens.next();
        if equals
            .as_ref()
            .is_none_or(|equals| equals.to_string() != "=")
        {
            let span = equals.map_or(name.span(), |token| token.span());
            return Err(Mistake::new(span, "expected `workers = N`"));
        }
        let Some(value) = tokens.next() else {
            return Err(Mistake::new(
                name.span(),
                "expected a number after `workers =`",
            ));
        };
        let is_number =
            matches!(&value, TokenTree::Literal(number) if is_positive(&number.to_string()));
        if !is_number {
            return Err(Mistake::new(
                value.span(),
                "the number of workers is a whole number of at least 1",
            ));
        }
        if parsed.workers.replace(value).is_some() {
            return Err(Mistake::new(name.span(), "`workers` is set twice"));
        }
        match tokens.next() {
            None => break,
            Some(comma) if comma.to_string() == "," => {}
            Some(other) => return Err(Mistake::new(other.span(), "expected `,` or the end")),
        }
    }
    Ok(parsed)
}

/// Says whether a literal is a whole number above 0.
fn is_positive(literal: &str) -> bool {
    literal
        .trim_end_matches("usize")
        .replace('_', "")
        .parse::<usize>()
        .is_ok_and(|number| number > 0)
}
