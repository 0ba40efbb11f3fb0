//! Turns an `async fn` into a plain one.

use proc_macro::{Delimiter, Group, Span, TokenStream, TokenTree};

use crate::options::{self, Mistake};

/// What the function is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The program's entry.
    Main,
    /// A test.
    Test,
}

/// The parts of `attributes vis async fn name() -> output { body }`.
struct Function {
    before: TokenStream,
    name: TokenTree,
    /// `-> output`, or nothing.
    output: TokenStream,
    body: Group,
}

/// Expands an attribute, or reports the mistake at its place and keeps the function.
pub(crate) fn expand(options: TokenStream, item: TokenStream, entry: Entry) -> TokenStream {
    match try_expand(options, item.clone(), entry) {
        Ok(expanded) => expanded,
        Err(mistake) => {
            let mut tokens = compile_error(&mistake);
            // Without the function a second error would say that `main` is missing.
            tokens.extend(item);
            tokens
        }
    }
}

fn try_expand(
    options: TokenStream,
    item: TokenStream,
    entry: Entry,
) -> Result<TokenStream, Mistake> {
    let options = options::parse(options)?;
    let function = parse(item)?;
    if entry == Entry::Main && function.name.to_string() != "main" {
        return Err(Mistake::new(
            function.name.span(),
            "#[trill::main] goes on `async fn main`",
        ));
    }
    let runner = match entry {
        Entry::Main => "::trill::__private::run_main",
        Entry::Test => "::trill::__private::run_test",
    };
    let mut tokens = TokenStream::new();
    if entry == Entry::Test {
        tokens.extend(source("#[::core::prelude::v1::test]")?);
    }
    tokens.extend(function.before);
    tokens.extend(source("fn")?);
    tokens.extend([function.name]);
    tokens.extend(source("()")?);
    tokens.extend(function.output.clone());
    // An inner function keeps the declared output, so that `?` and inference in the body work as written.
    let mut body = source("async fn body()")?;
    body.extend(function.output);
    body.extend([TokenTree::Group(function.body)]);
    body.extend(source(&format!(
        "{runner}(&{}, body())",
        options.written()
    ))?);
    tokens.extend([TokenTree::Group(Group::new(Delimiter::Brace, body))]);
    Ok(tokens)
}

/// Takes a function apart.
fn parse(item: TokenStream) -> Result<Function, Mistake> {
    let mut before = TokenStream::new();
    let mut tokens = item.into_iter().peekable();
    loop {
        match tokens.next() {
            Some(token) if token.to_string() == "async" => break,
            Some(token) if token.to_string() == "fn" => {
                return Err(Mistake::new(token.span(), "the function must be `async`"));
            }
            Some(token) => before.extend([token]),
            None => return Err(Mistake::new(Span::call_site(), "expected an `async fn`")),
        }
    }
    let keyword = tokens.next();
    if keyword
        .as_ref()
        .is_none_or(|keyword| keyword.to_string() != "fn")
    {
        let span = keyword.map_or_else(Span::call_site, |token| token.span());
        return Err(Mistake::new(span, "expected `fn` after `async`"));
    }
    let Some(name) = tokens.next() else {
        return Err(Mistake::new(
            Span::call_site(),
            "expected a name after `fn`",
        ));
    };
    match tokens.next() {
        Some(TokenTree::Group(arguments)) if arguments.delimiter() == Delimiter::Parenthesis => {
            if !arguments.stream().is_empty() {
                return Err(Mistake::new(
                    arguments.span(),
                    "the function takes no arguments",
                ));
            }
        }
        other => {
            let span = other.map_or(name.span(), |token| token.span());
            return Err(Mistake::new(span, "the function has no type parameters"));
        }
    }
    let mut output = TokenStream::new();
    let mut last = None;
    for token in tokens {
        output.extend(last.replace(token));
    }
    match last {
        Some(TokenTree::Group(body)) if body.delimiter() == Delimiter::Brace => Ok(Function {
            before,
            name,
            output,
            body,
        }),
        _ => Err(Mistake::new(name.span(), "the function has no body")),
    }
}

/// Reads tokens that this crate wrote itself.
fn source(text: &str) -> Result<TokenStream, Mistake> {
    text.parse().map_err(|error| {
        Mistake::new(
            Span::call_site(),
            format!("trill-macros wrote {text:?}: {error}"),
        )
    })
}

/// Makes `::core::compile_error!("text");` at the mistake's place.
fn compile_error(mistake: &Mistake) -> TokenStream {
    let text = format!("::core::compile_error!({:?});", mistake.text);
    let Ok(tokens) = text.parse::<TokenStream>() else {
        return TokenStream::new();
    };
    tokens
        .into_iter()
        .map(|mut token| {
            token.set_span(mistake.span);
            token
        })
        .collect()
}
