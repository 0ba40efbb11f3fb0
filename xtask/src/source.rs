//! A Rust source file, taken apart just enough to check text rules without false alarms.
//!
//! The same bytes are kept three times: as written, as code (comments and the contents of literals
//! blanked), and as comments (all else blanked). The three have the same length, so an offset found
//! in one is an offset in the others. Nothing here understands Rust beyond tokens and brackets; the
//! rules that need types are left to clippy.

use std::ops::Range;

/// One source file.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text with comments and the contents of literals replaced by blanks.
    pub(crate) code: String,
    /// The text with everything but comments replaced by blanks.
    pub(crate) comments: String,
    /// The parts that are compiled for tests only.
    tests: Vec<Range<usize>>,
    lines: Vec<usize>,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Source {
        let (code, comments) = split(text);
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        let mut source = Source {
            path: path.to_string(),
            text: text.to_string(),
            tests: Vec::new(),
            code,
            comments,
            lines,
        };
        source.tests = source.find_tests();
        source
    }

    /// The line of an offset, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|start| *start <= offset)
    }

    /// The comments of a line (from 1); blank where the line has none.
    pub(crate) fn line_comment(&self, line: usize) -> &str {
        line_of(&self.comments, &self.lines, line)
    }

    /// The code of a line (from 1), comments and literals blanked.
    pub(crate) fn line_code(&self, line: usize) -> &str {
        line_of(&self.code, &self.lines, line)
    }

    pub(crate) fn line_count(&self) -> usize {
        self.text.lines().count()
    }

    /// Whether the offset is compiled for tests only.
    pub(crate) fn in_tests(&self, offset: usize) -> bool {
        self.tests.iter().any(|range| range.contains(&offset))
    }

    /// The offsets where `word` stands in the code as a whole word, test code included.
    pub(crate) fn words<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + use<'a> {
        words(&self.code, word)
    }

    /// The attributes and comments directly above an offset, nearest last, as one text.
    ///
    /// Goes up line by line while a line is a comment, an attribute (also one over several lines),
    /// or empty of code.
    pub(crate) fn above(&self, offset: usize) -> String {
        let mut line = self.line(offset);
        let mut first = line;
        let mut open = 0_i32;
        while line > 1 {
            line -= 1;
            let code = self.line_code(line).trim();
            let comment = self.line_comment(line).trim();
            for c in code.chars() {
                match c {
                    ']' | ')' => open += 1,
                    '[' | '(' => open -= 1,
                    _ => {}
                }
            }
            let attribute = code.starts_with("#[") || open > 0;
            if code.is_empty() && comment.is_empty() && open == 0 {
                break;
            }
            if !code.is_empty() && !attribute {
                break;
            }
            first = line;
        }
        let start = self.lines[first - 1];
        let end = self.lines[self.line(offset) - 1];
        self.text[start..end].to_string()
    }

    /// The offset just after the bracket that closes the one at `open`.
    pub(crate) fn close(&self, open: usize) -> usize {
        close(&self.code, open)
    }

    fn find_tests(&self) -> Vec<Range<usize>> {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        if self.path.contains("/tests/") || name == "tests.rs" {
            return std::iter::once(0..self.text.len()).collect();
        }
        let mut found = Vec::new();
        for (at, _) in self.code.match_indices("#[cfg(") {
            let end = self.close(at + 1);
            let condition = &self.code[at..end];
            let for_tests = words(condition, "test").any(|w| !condition[..w].ends_with("not("));
            if !for_tests {
                continue;
            }
            // The item goes to its closing brace, or to a semicolon if it has none.
            let rest = &self.code[end..];
            let stop = match rest.find(['{', ';']) {
                Some(brace) if rest[brace..].starts_with('{') => self.close(end + brace),
                Some(semicolon) => end + semicolon + 1,
                None => self.code.len(),
            };
            found.push(at..stop);
        }
        found
    }
}

/// The offsets where `word` stands in `text` with no letter, digit or underscore beside it.
pub(crate) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + use<'a> {
    text.match_indices(word).filter_map(move |(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let joined = |c: Option<char>| c.is_some_and(is_word);
        (!joined(before) && !joined(after)).then_some(at)
    })
}

pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The identifier at the start of `text`, blanks before it skipped.
pub(crate) fn identifier(text: &str) -> &str {
    let text = text.trim_start();
    let end = text.find(|c| !is_word(c)).unwrap_or(text.len());
    &text[..end]
}

/// The offset just after the bracket that closes the one at `open`; the end of the text if none.
pub(crate) fn close(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    code.len()
}

fn line_of<'a>(text: &'a str, lines: &[usize], line: usize) -> &'a str {
    let start = lines[line - 1];
    let end = lines.get(line).map_or(text.len(), |next| next - 1);
    text[start..end.max(start)].trim_end_matches('\r')
}

/// Splits a source into its code and its comments, each as long as the whole.
fn split(text: &str) -> (String, String) {
    let bytes = text.as_bytes();
    let mut code = vec![b' '; bytes.len()];
    let mut comments = vec![b' '; bytes.len()];
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let (end, into) = if rest.starts_with(b"//") {
            let end = rest.iter().position(|b| *b == b'\n');
            (end.map_or(bytes.len(), |n| at + n), Some(&mut comments))
        } else if rest.starts_with(b"/*") {
            (block_comment(bytes, at), Some(&mut comments))
        } else if let Some(end) = literal(bytes, at) {
            // The quotes stay in the code, so that a literal is still an argument to be seen.
            code[at] = b'"';
            code[end - 1] = b'"';
            (end, None)
        } else {
            (at + 1, Some(&mut code))
        };
        if let Some(into) = into {
            into[at..end].copy_from_slice(&bytes[at..end]);
        }
        at = end;
    }
    for (index, byte) in bytes.iter().enumerate() {
        if *byte == b'\n' {
            code[index] = b'\n';
            comments[index] = b'\n';
        }
    }
    // Bytes are copied in whole characters or blanked in whole tokens, so both are still UTF-8.
    (
        String::from_utf8(code).expect("tokens end on character boundaries"),
        String::from_utf8(comments).expect("comments end on character boundaries"),
    )
}

fn block_comment(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// The end of the string, byte or character literal that starts here, if one does.
fn literal(bytes: &[u8], start: usize) -> Option<usize> {
    let before = start.checked_sub(1).map(|at| bytes[at]);
    let inside_word = before.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    let mut at = start;
    if !inside_word {
        // The prefixes b, c, r, br and cr belong to the literal.
        if matches!(bytes[at], b'b' | b'c') {
            at += 1;
        }
        if bytes.get(at) == Some(&b'r') {
            let hashes = bytes[at + 1..].iter().take_while(|b| **b == b'#').count();
            if bytes.get(at + 1 + hashes) == Some(&b'"') {
                return Some(raw_string(bytes, at + 2 + hashes, hashes));
            }
        }
    }
    match bytes.get(at)? {
        b'"' => Some(quoted(bytes, at + 1, b'"')),
        b'\'' if character(&bytes[at + 1..]) => Some(quoted(bytes, at + 1, b'\'')),
        _ => None,
    }
}

/// Whether what follows a quote is a character literal and not a lifetime.
fn character(rest: &[u8]) -> bool {
    match rest.first() {
        Some(b'\\') => true,
        Some(first) => {
            let width = match first {
                0xF0.. => 4,
                0xE0.. => 3,
                0xC0.. => 2,
                _ => 1,
            };
            rest.get(width) == Some(&b'\'')
        }
        None => false,
    }
}

fn quoted(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn raw_string(bytes: &[u8], mut at: usize, hashes: usize) -> usize {
    while at < bytes.len() {
        let tail = &bytes[at + 1..];
        if bytes[at] == b'"' && tail.iter().take_while(|b| **b == b'#').count() >= hashes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        Source::new("crates/a/src/x.rs", text).code
    }

    #[test]
    fn comments_and_literals_leave_the_code() {
        assert_eq!(code("a /* b /* c */ d */ e"), "a                   e");
        assert_eq!(code("let s = \"a\\\"b\"; c"), "let s = \"    \"; c");
        assert_eq!(code("r#\"x\"y\"#, z"), "\"      \", z");
        assert_eq!(code("f('\\'', 'x', 'é')"), "f(\"  \", \" \", \"  \")");
        assert_eq!(
            code("fn f<'a>(x: &'a str) // no"),
            "fn f<'a>(x: &'a str)      "
        );
        assert_eq!(code("b\"x\" b'x' br\"x\" for"), "\"  \" \"  \" \"   \" for");
    }

    #[test]
    fn comments_keep_their_place() {
        let source = Source::new("a.rs", "x // one\n\"// no\" /* two */");
        assert_eq!(source.line_comment(1).trim(), "// one");
        assert_eq!(source.line_comment(2).trim(), "/* two */");
        assert_eq!(source.line_code(2).trim(), "\"     \"");
        assert_eq!(source.text.len(), source.comments.len());
    }

    #[test]
    fn lines_count_from_one() {
        let source = Source::new("a.rs", "a\nb\nc");
        assert_eq!(source.line(0), 1);
        assert_eq!(source.line(2), 2);
        assert_eq!(source.line(4), 3);
    }

    #[test]
    fn test_modules_are_known() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { {} } }\nfn c() {}\n\
                    #[cfg(all(test, unix))] use d;\n#[cfg(not(test))] fn e() {}";
        let source = Source::new("crates/a/src/x.rs", text);
        let in_tests = |needle: &str| source.in_tests(text.find(needle).expect("is there"));
        assert!(!in_tests("fn a"));
        assert!(in_tests("fn b"));
        assert!(!in_tests("fn c"));
        assert!(in_tests("use d"));
        assert!(!in_tests("fn e"));
    }

    #[test]
    fn above_holds_docs_and_attributes_only() {
        let text =
            "fn a() {}\n\n/// Docs.\n#[inline]\n#[cfg_attr(\n    x,\n    y\n)]\npub fn b() {}";
        let source = Source::new("a.rs", text);
        let above = source.above(text.find("pub fn b").expect("is there"));
        assert!(above.starts_with("/// Docs."), "{above}");
        assert!(above.contains("#[inline]"));
        assert!(!above.contains("fn a"));
    }

    #[test]
    fn words_stand_alone() {
        assert_eq!(words("ab a_b a ba a", "a").collect::<Vec<_>>(), [7, 12]);
    }
}
