//! For tests: decides commands one after the other over states kept in memory.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    Command, Context, NewEvent, Rejection, Revision, Source, State, Stop, Unit, Version, Versioned,
    account,
    commands::{
        CreateAccount, CreateMember, DisableMember, Holdings, NewId, SetAccountStatus,
        StartDisabling, UpdateSettings,
    },
    member,
    names::{AccountName, MemberName, OrderName, ServiceName, StreamName, TaskName},
    order::Order,
    service::Service,
    settings::{Changes, Settings},
    task::Task,
    text::Line,
};

/// Every stream is loaded: one that has no events yet is absent.
pub(super) struct Memory {
    states: HashMap<StreamName, Versioned>,
    pub(super) log: Vec<NewEvent>,
    pub(super) now: DateTime<Utc>,
}

impl Source for Memory {
    fn get(&self, stream: &StreamName) -> Option<Versioned> {
        Some(
            self.states
                .get(stream)
                .cloned()
                .unwrap_or_else(|| Versioned {
                    version: Version::default(),
                    state: State::absent(stream.kind()),
                }),
        )
    }
}

impl Memory {
    /// A team of `admin`, an admin, and `ana` and `ben`, staff.
    pub(super) fn with_team() -> Self {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut memory = Self {
            states: HashMap::new(),
            log: Vec::new(),
            now,
        };
        for (id, kind) in [
            ("admin", member::Kind::Admin),
            ("ana", member::Kind::Staff),
            ("ben", member::Kind::Staff),
        ] {
            let command = CreateMember {
                id: NewId::Given(format!("members/{id}").parse().unwrap()),
                display_name: Line::new(id).unwrap(),
                email: None,
                kind,
            };
            memory.accept("system", &command);
        }
        memory
    }

    /// The team, and an account of `ana`'s.
    pub(super) fn with_account(id: &str) -> Self {
        let mut memory = Self::with_team();
        let command = CreateAccount {
            id: NewId::Given(AccountName::from_id(id).unwrap()),
            display_name: Line::new(id).unwrap(),
            kind: account::Kind::Customer,
            assignee: None,
            sla_hours: None,
        };
        memory.accept("members/ana", &command);
        memory
    }

    pub(super) fn context(&self, actor: &str) -> Context {
        Context {
            actor: actor.parse().unwrap(),
            on_behalf_of: None,
            expected: None,
            now: self.now,
        }
    }

    /// Decides; what is accepted is appended. Each command comes a second after the one before.
    pub(super) fn decide(
        &mut self,
        context: &Context,
        command: &dyn Command,
    ) -> Result<StreamName, Rejection> {
        self.now += TimeDelta::seconds(1);
        let mut unit = Unit::new(self);
        let resource = command
            .decide(context, &mut unit)
            .map_err(|stop| match stop {
                Stop::Rejected(rejection) => rejection,
                stop => panic!("{stop:?}"),
            })?;
        let effects = unit.into_effects();
        if let Some(last) = effects.events.last() {
            assert_eq!(
                last.stream, resource,
                "the last event is the answered resource's own"
            );
        }
        self.log.extend(effects.events);
        self.states.extend(effects.changed);
        Ok(resource)
    }

    /// Decides a command that must be accepted.
    pub(super) fn accept(&mut self, actor: &str, command: &dyn Command) -> StreamName {
        self.decide(&self.context(actor), command).unwrap()
    }

    /// Decides a command that must be rejected.
    pub(super) fn reject(&mut self, actor: &str, command: &dyn Command) -> Rejection {
        self.decide(&self.context(actor), command).unwrap_err()
    }

    /// Decides a command of somebody who had read a revision.
    pub(super) fn decide_at(
        &mut self,
        expected: Revision,
        command: &dyn Command,
    ) -> Result<StreamName, Rejection> {
        let context = Context {
            expected: Some(expected),
            ..self.context("members/ana")
        };
        self.decide(&context, command)
    }

    /// The same of an admin.
    pub(super) fn decide_as_admin_at(
        &mut self,
        expected: Revision,
        command: &dyn Command,
    ) -> Result<StreamName, Rejection> {
        let context = Context {
            expected: Some(expected),
            ..self.context("members/admin")
        };
        self.decide(&context, command)
    }

    pub(super) fn account(&self, id: &str) -> account::Details {
        self.find_account(id)
            .unwrap_or_else(|| panic!("no account {id}"))
    }

    pub(super) fn find_account(&self, id: &str) -> Option<account::Details> {
        let name = AccountName::from_id(id).unwrap();
        match self.get(&(&name).into()).unwrap().state {
            State::Account(account) => account.existing(&name).ok().cloned(),
            state => panic!("{state:?}"),
        }
    }

    pub(super) fn member(&self, id: &str) -> member::Details {
        match self.get(&(&MemberName::from_id(id).unwrap()).into()) {
            Some(Versioned {
                state: State::Member(member),
                ..
            }) => member.details().unwrap().clone(),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn settings(&self) -> Settings {
        match self.get(&StreamName::settings()) {
            Some(Versioned {
                state: State::Settings(settings),
                ..
            }) => (*settings).clone(),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn change_settings(&mut self, changes: Changes) {
        self.accept("members/admin", &UpdateSettings { changes });
    }

    /// Disables a member who holds nothing.
    pub(super) fn disable(&mut self, id: &str) {
        let name = MemberName::from_id(id).unwrap();
        let start = StartDisabling {
            name: name.clone(),
            other_admins: vec![],
            holdings: Holdings::default(),
        };
        self.accept("members/admin", &start);
        let disable = DisableMember {
            name,
            holdings: Holdings::default(),
        };
        self.accept("members/admin", &disable);
    }

    pub(super) fn deactivate(&mut self, name: &AccountName) {
        let command = SetAccountStatus {
            name: name.clone(),
            status: account::Status::Deactivated,
        };
        self.accept("members/ana", &command);
    }

    pub(super) fn task(&self, name: &TaskName) -> Task {
        match self.get(&name.into()).unwrap().state {
            State::Task(task) => (*task).clone(),
            state => panic!("{state:?}"),
        }
    }

    pub(super) fn service(&self, id: &str) -> Service {
        let name = ServiceName::from_id(id).unwrap();
        match self.get(&(&name).into()).unwrap().state {
            State::Service(service) => (*service).clone(),
            state => panic!("{state:?}"),
        }
    }

    pub(super) fn order(&self, id: &str) -> Order {
        let name = OrderName::from_id(id).unwrap();
        match self.get(&(&name).into()).unwrap().state {
            State::Order(order) => (*order).clone(),
            state => panic!("{state:?}"),
        }
    }

    /// Puts a state in the place of `orders/o1`'s, for what would take too long to come to by commands.
    pub(super) fn put_order(&mut self, order: Order) {
        let stream: StreamName = "orders/o1".parse().unwrap();
        let version = self.get(&stream).unwrap().version;
        let state = State::Order(order.into());
        self.states.insert(stream, Versioned { version, state });
    }

    /// Appends an event of which no command is there yet.
    pub(super) fn record(&mut self, stream: StreamName, event: crate::Event) {
        let before = self.get(&stream).unwrap();
        let state = before.state.evolve(&event).unwrap();
        let version = before.version.next();
        self.states.insert(stream, Versioned { version, state });
    }
}
