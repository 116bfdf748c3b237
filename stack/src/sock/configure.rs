//! floor 4: what the administrator changes of a running host (names and values are those of Linux).
//!
//! What is changed counts from then on: for the next call, the next SYN, the next connection.

use super::policy::Setting;
use super::refused::Refused;
use super::table::Sockets;
use crate::base::Span;
use crate::ports::Reserved;

/// The largest of the numbers that Linux takes here: those of a signed integer.
const NUMBER_MAX: u32 = i32::MAX.cast_unsigned();

impl Sockets {
    /// Sets something of the whole host.
    ///
    /// # Errors
    /// [`Refused::InvalidArgument`] for a value without sense.
    pub(super) fn configure(&mut self, setting: &Setting) -> Result<(), Refused> {
        match setting {
            Setting::LocalPortRange(..)
            | Setting::ReservedPorts(_)
            | Setting::UnprivilegedStart(_)
            | Setting::NonlocalBind(_)
            | Setting::AutobindReuse(_)
            | Setting::BindV6Only(_) => self.configure_ports(setting),
            Setting::BacklogMax(_)
            | Setting::SynCookies(_)
            | Setting::AbortOnOverflow(_)
            | Setting::MigrateRequests(_)
            | Setting::TimeWaitReuse(_)
            | Setting::FinTimeout(_)
            | Setting::Rfc1337(_) => self.configure_streams(setting),
        }
    }

    /// What is set of ports and addresses.
    fn configure_ports(&mut self, setting: &Setting) -> Result<(), Refused> {
        match setting {
            Setting::LocalPortRange(first, last) => return self.policy.set_ephemeral(*first, *last),
            Setting::ReservedPorts(ranges) => self.policy.reserved = Reserved::new(ranges),
            Setting::UnprivilegedStart(start) => return self.policy.set_unprivileged_start(*start),
            Setting::NonlocalBind(on) => self.policy.nonlocal_bind = *on,
            Setting::AutobindReuse(on) => self.policy.autobind_reuse = *on,
            Setting::BindV6Only(on) => self.bounds.v6_only = *on,
            Setting::BacklogMax(_)
            | Setting::SynCookies(_)
            | Setting::AbortOnOverflow(_)
            | Setting::MigrateRequests(_)
            | Setting::TimeWaitReuse(_)
            | Setting::FinTimeout(_)
            | Setting::Rfc1337(_) => {}
        }
        Ok(())
    }

    /// What is set of streams.
    fn configure_streams(&mut self, setting: &Setting) -> Result<(), Refused> {
        let bounds = &mut self.bounds;
        match *setting {
            Setting::BacklogMax(most) if most > NUMBER_MAX => return Err(Refused::InvalidArgument),
            Setting::BacklogMax(most) => bounds.backlog_max = most,
            Setting::SynCookies(when) => bounds.syn_cookies = when,
            Setting::AbortOnOverflow(on) => bounds.abort_on_overflow = on,
            Setting::MigrateRequests(on) => bounds.migrate_requests = on,
            Setting::TimeWaitReuse(which) => bounds.time_wait_reuse = which,
            Setting::FinTimeout(span) if span < Span::from_secs(1) => return Err(Refused::InvalidArgument),
            Setting::FinTimeout(span) => bounds.fin_timeout = span,
            Setting::Rfc1337(on) => self.settings.protect_time_wait = on,
            Setting::LocalPortRange(..)
            | Setting::ReservedPorts(_)
            | Setting::UnprivilegedStart(_)
            | Setting::NonlocalBind(_)
            | Setting::AutobindReuse(_)
            | Setting::BindV6Only(_) => {}
        }
        Ok(())
    }
}
