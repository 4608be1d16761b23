//! A server, before anybody has logged in.

use std::time::Duration;

use hongyan_protocol::{
    Endpoint,
    user::{LoggedIn, Login, Password, Register, UserInfo},
};
use reqwest::{RequestBuilder, redirect};

use crate::{
    CALL_DEADLINE, CONNECT_DEADLINE,
    address::Address,
    api,
    error::{Error, Result},
    session::Session,
    socket::RawSocket,
};

/// How long an idle HTTP connection is kept.
const IDLE: Duration = Duration::from_secs(60);

/// A server at an address. Cheap to clone; all clones share their HTTP connections.
#[derive(Clone, Debug)]
pub struct Client {
    address: Address,
    http: reqwest::Client,
}

impl Client {
    /// Takes the server's address: `http://host:8080`, perhaps with a path behind it, or a bare `host:8080`. `ws://` is
    /// derived from it (`wss://` from `https://`). Connects nowhere yet.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the address is none.
    pub fn new(server: &str) -> Result<Self> {
        let address = Address::read(server)?;
        // An error says that the program has chosen its cryptography already.
        _ = rustls::crypto::ring::default_provider().install_default();
        // WebSockets go past the proxies of the environment, so the rest does too: one server, one way to it.
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_DEADLINE)
            .timeout(CALL_DEADLINE)
            .pool_idle_timeout(IDLE)
            .build()?;
        Ok(Self { address, http })
    }

    /// The server's address, without a slash at the end.
    #[must_use]
    pub fn server(&self) -> &str {
        self.address.as_str()
    }

    /// Creates an account and logs in.
    ///
    /// # Errors
    /// Refused with `UsernameTaken`; [`Error::BadRequest`] when a field breaks its bound.
    pub async fn register(&self, account: &Register) -> Result<Session> {
        let request = self.request(Endpoint::Registe).json(account);
        Ok(self.enter(api::data(request).await?))
    }

    /// Logs in. Where the server allows one device, an older login ends.
    ///
    /// # Errors
    /// Refused with `NoSuchAccount` or `WrongPassword` (a server may answer the latter for both).
    pub async fn login(&self, username: &str, password: &str) -> Result<Session> {
        let login = Login {
            username: hongyan_protocol::text::Text::new(username).map_err(Error::Invalid)?,
            password: Password::new(password),
        };
        let request = self.request(Endpoint::Login).json(&login);
        Ok(self.enter(api::data(request).await?))
    }

    /// Goes on with the session that `token` belongs to.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] when that session is over.
    pub async fn resume(&self, token: &str) -> Result<Session> {
        let request = self.request(Endpoint::GetInfo).bearer_auth(token);
        let user: UserInfo = api::data(request).await?;
        Ok(Session::new(self.clone(), token.to_owned(), user, None))
    }

    /// Opens a socket without a session but with these headers, such as `Cookie`, `Origin` or `Authorization`.
    ///
    /// # Errors
    /// [`Error::Status`] when the server refuses the handshake. Without a valid session the handshake succeeds and the
    /// socket is closed with 1008.
    pub async fn socket(&self, path: &str, headers: &[(&str, &str)]) -> Result<RawSocket> {
        RawSocket::connect(&self.address, path, headers).await
    }

    pub(crate) fn request(&self, endpoint: Endpoint) -> RequestBuilder {
        match endpoint.method() {
            "GET" => self.get(endpoint.path()),
            _ => self.http.post(self.address.http(endpoint.path())),
        }
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.address.http(path))
    }

    /// The whole address of what the server names by its path, such as a file's `url`.
    #[must_use]
    pub fn address_of(&self, path: &str) -> String {
        self.address.http(path)
    }

    fn enter(&self, login: LoggedIn) -> Session {
        let LoggedIn {
            user,
            token,
            session_id,
        } = login;
        Session::new(self.clone(), token, user, Some(session_id))
    }
}
