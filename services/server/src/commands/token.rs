//! `airside token`.

use std::{path::PathBuf, process::ExitCode};

use airside_kernel::{Clock, PersonId, SystemClock};
use airside_runtime::auth::{Caller, Environment, StaffRole, Tokens};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use uuid::Uuid;

use super::{
    Outcome,
    out::{note, say},
};
use crate::{Config, places::Places, token_key};

/// Mints a token for calls to a develop server, and prints it.
#[derive(Args)]
#[command(after_help = "\
The token is signed with the key of a data folder, which a develop server makes on first start.
Of nodes in roles it is the data folder of the one with the vault.
Send it as `authorization: Bearer TOKEN`.")]
pub(super) struct Token {
    /// Whom the token speaks for.
    #[arg(long, value_enum)]
    role: Role,
    /// The caller's id: a UUID for a passenger, any short id for partner and staff.
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// Data folder of the server [default: airside-data].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Hours until it expires, 1 to 720.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(i64).range(1..=720))]
    hours: i64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    /// Reaches only what is their own.
    Passenger,
    /// A baggage system, flight database, airline or handler.
    Partner,
    /// Every staff role: viewer, agent and operator.
    Staff,
}

impl Token {
    pub(super) fn run(self) -> Outcome {
        let config = Config::load(None, std::env::vars())?;
        if config.env != Environment::Develop {
            bail!("tokens are minted in develop only; env is {}", config.env.as_str());
        }
        let has_vault_elsewhere = config.has_vault_elsewhere();
        let folder = self.data.unwrap_or(config.folder);
        if has_vault_elsewhere || Places::of(&folder).is_of_a_node_without_vault() {
            bail!(
                "the key that signs is with the vault, and the node of {} has none: no server would take the token; \
                 mint it where the node with the role `vault` runs, with `--data` and its data folder",
                folder.display()
            );
        }
        if !folder.join("keys").exists() {
            note!(
                "airside: {} had no key; only a server on this folder will take the token",
                folder.display()
            );
        }
        let tokens = Tokens::new(Environment::Develop, &token_key(&folder, Environment::Develop)?)?;
        let caller = caller(self.role, self.person)?;
        let token = tokens.mint(&caller, SignedDuration::from_hours(self.hours), SystemClock.now())?;
        say!("{token}")?;
        Ok(ExitCode::SUCCESS)
    }
}

fn caller(role: Role, id: Option<String>) -> anyhow::Result<Caller> {
    Ok(match role {
        Role::Passenger => {
            let text = id.unwrap_or_else(|| Uuid::now_v7().to_string());
            Caller::Passenger(PersonId(text.parse().context("--person of a passenger is a UUID")?))
        }
        Role::Partner => Caller::Partner { id: id.unwrap_or_else(|| "partner".to_owned()) },
        Role::Staff => {
            Caller::Staff { id: id.unwrap_or_else(|| "staff".to_owned()), roles: StaffRole::ALL.to_vec() }
        }
    })
}
