//! A lower layer never imports a higher one; crates of one layer import each other only where the
//! table draws it.
//!
//! Dependencies for tests are free: they do not reach a user of the crate.

use super::Finding;
use crate::manifest::Kind;
use crate::tree::Tree;

/// Where a crate stands.
struct Place {
    name: &'static str,
    stands: Stands,
}

enum Stands {
    /// On this layer. It may import every lower one, the side crates, and the neighbours drawn here.
    Layer(u8, &'static [&'static str]),
    /// Beside the layers: any layer may import it, and it imports only what is drawn here.
    Side(&'static [&'static str]),
}

/// The picture of the crates. A new crate is one line here.
const PICTURE: &[Place] = &[
    layer("trill-world", 0, &[]),
    // `block_on` gives the future it polls a budget, as an executor does.
    layer("trill-park", 0, &["trill-cell", "trill-world"]),
    layer("trill-cell", 0, &["trill-world"]),
    layer("trill-executor", 1, &[]),
    layer("trill-timer", 1, &[]),
    layer("trill-sync", 1, &[]),
    layer("trill-reactor", 2, &[]),
    layer("trill-blocking", 2, &[]),
    layer("trill-io", 2, &[]),
    layer("trill-limit", 2, &[]),
    layer("trill-portal", 2, &[]),
    layer("trill-debug", 2, &[]),
    layer("trill-inspect", 2, &[]),
    layer("trill-net", 3, &[]),
    layer("trill-task", 3, &[]),
    layer("trill-signal", 3, &[]),
    layer("trill-process", 3, &[]),
    layer("trill-fs", 3, &[]),
    layer("trill-splice", 3, &[]),
    layer("trill-pipe", 3, &[]),
    layer("trill-stdio", 3, &[]),
    layer("trill-callback", 3, &[]),
    layer("trill-tls", 3, &[]),
    layer("trill-handover", 4, &[]),
    layer("trill-server", 4, &[]),
    layer("trill", 5, &[]),
    Place {
        name: "trill-macros",
        stands: Stands::Side(&[]),
    },
];

const TABLE: &str = "the table in xtask/src/tidy/layers.rs";

const fn layer(name: &'static str, layer: u8, beside: &'static [&'static str]) -> Place {
    Place {
        name,
        stands: Stands::Layer(layer, beside),
    }
}

pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in tree.crates() {
        let path = format!("crates/{name}/Cargo.toml");
        let Some(place) = find(name) else {
            findings.push(Finding::new(
                &path,
                1,
                format!("the crate {name} has no layer"),
                format!("give it its line in {TABLE}, after ARCHITECTURE.md shows where it stands"),
            ));
            continue;
        };
        let Some(manifest) = tree.manifest(&path) else {
            continue;
        };
        for dependency in manifest.dependencies() {
            if dependency.kind == Kind::Dev {
                continue;
            }
            if let Some(what) = forbidden(place, &dependency.package) {
                findings.push(Finding::new(
                    &path,
                    dependency.line,
                    what,
                    format!("move the shared part down a layer, or draw the arrow in {TABLE}"),
                ));
            }
        }
    }
    findings
}

fn find(name: &str) -> Option<&'static Place> {
    PICTURE.iter().find(|place| place.name == name)
}

/// Why `from` may not import `to`; nothing if it may, or if `to` is not ours.
fn forbidden(from: &Place, to: &str) -> Option<String> {
    let ours = to == "trill" || to.starts_with("trill-") || to == "xtask";
    let Some(target) = find(to) else {
        return ours.then(|| format!("{} imports {to}, which is no library crate", from.name));
    };
    match (&from.stands, &target.stands) {
        (Stands::Layer(_, beside), _) if beside.contains(&to) => None,
        (Stands::Side(drawn), _) if drawn.contains(&to) => None,
        (Stands::Side(_), _) => Some(format!(
            "{} stands beside the layers and may not import {to}",
            from.name
        )),
        (Stands::Layer(..), Stands::Side(_)) => None,
        (Stands::Layer(own, _), Stands::Layer(other, _)) if other < own => None,
        (Stands::Layer(own, _), Stands::Layer(other, _)) if other == own => Some(format!(
            "{} and {to} share layer {own}, and no arrow is drawn between them",
            from.name
        )),
        (Stands::Layer(own, _), Stands::Layer(other, _)) => Some(format!(
            "{} (layer {own}) imports {to} of the higher layer {other}",
            from.name
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places;

    #[test]
    fn lower_layers_and_drawn_neighbours_are_free() {
        let tree = Tree::of(&[
            (
                "crates/trill-park/Cargo.toml",
                "[dependencies]\ntrill-world = { workspace = true }\nlibc = \"1\"\n\
                 [dev-dependencies]\ntrill-executor.workspace = true\n",
            ),
            (
                "crates/trill-net/Cargo.toml",
                "[dependencies]\ntrill-reactor.workspace = true\ntrill-world.workspace = true\n",
            ),
            (
                "crates/trill/Cargo.toml",
                "[dependencies]\ntrill-macros = { workspace = true, optional = true }\n",
            ),
        ]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn higher_layers_and_other_neighbours_are_not() {
        let tree = Tree::of(&[
            (
                "crates/trill-timer/Cargo.toml",
                "[dependencies]\ntrill-net.workspace = true\ntrill-sync = { workspace = true }\n",
            ),
            (
                "crates/trill-world/Cargo.toml",
                "[target.'cfg(unix)'.dependencies]\nx = { package = \"trill-park\", path = \"\" }\n",
            ),
            (
                "crates/trill-macros/Cargo.toml",
                "[build-dependencies]\ntrill-cell.workspace = true\n",
            ),
            ("crates/trill-new/Cargo.toml", ""),
            (
                "crates/trill/Cargo.toml",
                "[dependencies]\ntrill-tests.workspace = true",
            ),
        ]);
        assert_eq!(
            places(&check(&tree)),
            [
                ("crates/trill-macros/Cargo.toml", 2),
                ("crates/trill-new/Cargo.toml", 1),
                ("crates/trill-timer/Cargo.toml", 2),
                ("crates/trill-timer/Cargo.toml", 3),
                ("crates/trill-world/Cargo.toml", 2),
                ("crates/trill/Cargo.toml", 2),
            ]
        );
    }
}
