//! What stands in the parentheses of an attribute.

use std::fmt::Write;

use proc_macro::{Span, TokenStream, TokenTree};

/// The options of an attribute, as they were written.
#[derive(Default)]
pub(crate) struct Options {
    /// Names, and the literals after `=`.
    values: Vec<(String, TokenTree)>,
}

/// A mistake in the program, and where it is.
pub(crate) struct Mistake {
    pub(crate) span: Span,
    pub(crate) text: String,
}

impl Options {
    /// Writes them as the facade takes them.
    pub(crate) fn written(&self) -> String {
        let mut text = String::from("::trill::__private::Options {");
        for (name, value) in &self.values {
            // Writing to a string does not fail.
            let _ = write!(text, "{name}: ::core::option::Option::Some({value}),");
        }
        text.push_str("..::core::default::Default::default() }");
        text
    }
}

impl Mistake {
    pub(crate) fn new(span: Span, text: impl Into<String>) -> Mistake {
        Mistake {
            span,
            text: text.into(),
        }
    }
}

/// Reads `name = value, name = value`, or nothing.
pub(crate) fn parse(options: TokenStream) -> Result<Options, Mistake> {
    let mut parsed = Options::default();
    let mut tokens = options.into_iter();
    while let Some(name) = tokens.next() {
        let text = name.to_string();
        let Some((_, is_good, wanted)) = KNOWN.iter().find(|(known, ..)| *known == text) else {
            return Err(Mistake::new(
                name.span(),
                "unknown option: there are `workers = N`, `ctrl_c = true` and `terminate = true`",
            ));
        };
        let equals = tokens.next();
        if equals
            .as_ref()
            .is_none_or(|equals| equals.to_string() != "=")
        {
            let span = equals.map_or(name.span(), |token| token.span());
            return Err(Mistake::new(span, format!("expected `{text} = …`")));
        }
        let Some(value) = tokens.next() else {
            return Err(Mistake::new(
                name.span(),
                format!("expected a value after `{text} =`"),
            ));
        };
        if !is_good(&value) {
            return Err(Mistake::new(value.span(), format!("`{text}` is {wanted}")));
        }
        if parsed.values.iter().any(|(known, _)| *known == text) {
            return Err(Mistake::new(name.span(), format!("`{text}` is set twice")));
        }
        parsed.values.push((text, value));
        match tokens.next() {
            None => break,
            Some(comma) if comma.to_string() == "," => {}
            Some(other) => return Err(Mistake::new(other.span(), "expected `,` or the end")),
        }
    }
    Ok(parsed)
}

/// The options: the name, what its value must be, and that in words.
type Known = (&'static str, fn(&TokenTree) -> bool, &'static str);

const KNOWN: &[Known] = &[
    (
        "workers",
        is_positive,
        "a whole number of at least 1: how many threads run tasks",
    ),
    (
        "ctrl_c",
        is_bool,
        "`true` or `false`: whether Ctrl-C cancels the function",
    ),
    (
        "terminate",
        is_bool,
        "`true` or `false`: whether SIGTERM cancels the function",
    ),
];

/// Says whether a token is a whole number above 0.
fn is_positive(token: &TokenTree) -> bool {
    let TokenTree::Literal(literal) = token else {
        return false;
    };
    literal
        .to_string()
        .trim_end_matches("usize")
        .replace('_', "")
        .parse::<usize>()
        .is_ok_and(|number| number > 0)
}

/// Says whether a token is `true` or `false`.
fn is_bool(token: &TokenTree) -> bool {
    matches!(token.to_string().as_str(), "true" | "false")
}
