//! floor 6: the files of the catalogue, and how one is read.

use super::{Document, Requirement};
use serde::Deserialize;
use std::sync::Arc;

macro_rules! embedded {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/requirements/", $name)))),*]
    };
}

/// Name and contents of every file in `conformance/requirements`. A test compares the list with the folder.
pub(super) const FILES: &[(&str, &str)] = embedded![
    "ieee8021q.toml"
    "ieee8023.toml"
    "rfc768.toml"
    "rfc791.toml"
    "rfc792.toml"
    "rfc815.toml"
    "rfc826.toml"
    "rfc894.toml"
    "rfc1042.toml"
    "rfc1071.toml"
    "rfc1112.toml"
    "rfc1122.toml"
    "rfc1141.toml"
    "rfc1191.toml"
    "rfc1337.toml"
    "rfc1340.toml"
    "rfc1624.toml"
    "rfc1812.toml"
    "rfc1858.toml"
    "rfc2018.toml"
    "rfc2675.toml"
    "rfc2883.toml"
    "rfc3042.toml"
    "rfc3128.toml"
    "rfc3168.toml"
    "rfc3493.toml"
    "rfc3542.toml"
    "rfc3927.toml"
    "rfc3986.toml"
    "rfc4007.toml"
    "rfc4291.toml"
    "rfc4443.toml"
    "rfc4821.toml"
    "rfc4861.toml"
    "rfc4862.toml"
    "rfc4884.toml"
    "rfc4987.toml"
    "rfc5095.toml"
    "rfc5227.toml"
    "rfc5482.toml"
    "rfc5681.toml"
    "rfc5722.toml"
    "rfc5927.toml"
    "rfc5952.toml"
    "rfc5961.toml"
    "rfc6056.toml"
    "rfc6093.toml"
    "rfc6191.toml"
    "rfc6298.toml"
    "rfc6335.toml"
    "rfc6429.toml"
    "rfc6437.toml"
    "rfc6528.toml"
    "rfc6582.toml"
    "rfc6633.toml"
    "rfc6675.toml"
    "rfc6691.toml"
    "rfc6864.toml"
    "rfc6890.toml"
    "rfc6918.toml"
    "rfc6928.toml"
    "rfc6935.toml"
    "rfc6936.toml"
    "rfc6946.toml"
    "rfc6980.toml"
    "rfc7045.toml"
    "rfc7112.toml"
    "rfc7126.toml"
    "rfc7323.toml"
    "rfc7739.toml"
    "rfc8021.toml"
    "rfc8085.toml"
    "rfc8200.toml"
    "rfc8201.toml"
    "rfc8335.toml"
    "rfc8883.toml"
    "rfc8899.toml"
    "rfc8985.toml"
    "rfc9293.toml"
    "rfc9438.toml"
];

/// A file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// Number of the RFC, or else `standard`.
    rfc: Option<String>,
    /// Name of another standard.
    standard: Option<String>,
    title: String,
    #[serde(rename = "requirement")]
    requirements: Vec<Requirement>,
}

/// Reads one file. The error is one line without the file's name.
pub(super) fn parse(text: &str) -> Result<(Arc<Document>, Vec<Requirement>), String> {
    let file: File = toml::from_str(text).map_err(|error| error.to_string().replace('\n', " "))?;
    let document = match (file.rfc, file.standard) {
        (Some(number), None) => Document {
            rfc: Some(number.parse().map_err(|_| format!("`{number}` is no number of an RFC"))?),
            prefix: format!("RFC{number}"),
            title: file.title,
        },
        (None, Some(prefix)) => Document { rfc: None, prefix, title: file.title },
        (Some(_), Some(_)) | (None, None) => return Err("needs either `rfc` or `standard`".to_owned()),
    };
    let document = Arc::new(document);
    let mut requirements = file.requirements;
    for requirement in &mut requirements {
        let rest = requirement.id.strip_prefix(&document.prefix).and_then(|rest| rest.strip_prefix('-'));
        if rest.is_none_or(str::is_empty) {
            return Err(format!("the id {} does not begin with {}-", requirement.id, document.prefix));
        }
        requirement.document = Arc::clone(&document);
    }
    Ok((document, requirements))
}
