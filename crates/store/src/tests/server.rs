//! What a PostgreSQL server must be, and how it is spoken to.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::Fixture;
use crate::{DatabaseUrl, OpenError, Options, Store, testing};

#[tokio::test]
async fn a_server_that_says_it_is_older_than_14_is_refused() {
    let Some(fixture) = Fixture::on_postgres() else {
        return;
    };
    fixture.store.close().await;
    let directory = fixture.directory.path();
    let url = testing::url(directory).unwrap();
    let (_, database) = url.expose().rsplit_once('/').unwrap();
    fixture.behind(&format!(
        "CREATE SCHEMA older;
         CREATE FUNCTION older.current_setting(name TEXT) RETURNS TEXT LANGUAGE sql AS
         $$SELECT CASE name WHEN 'server_version_num' THEN '130022' WHEN 'server_version' THEN '13.22'
           ELSE pg_catalog.current_setting(name) END$$;
         ALTER DATABASE {database} SET search_path = older, pg_catalog, public"
    ));
    let refused = Store::open(&testing::options(directory)).unwrap_err();
    assert!(
        matches!(&refused, OpenError::OldServer { found, .. } if found == "13.22"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_server_is_spoken_to_over_tls_and_only_if_its_certificate_is_trusted() {
    let Some(fixture) = Fixture::on_postgres() else {
        return;
    };
    let (trusted, other) = (authority(), authority());
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()])
        .unwrap()
        .signed_by(&key, &trusted)
        .unwrap();
    give_certificate(&certificate.pem(), &key.serialize_pem());

    let directory = fixture.directory.path();
    let database = testing::url(directory).unwrap();
    let with_tls = |name: &str, authority: &Authority| -> Options {
        let file = directory.join(name);
        std::fs::write(&file, authority.pem()).unwrap();
        let (database, file) = (database.expose(), file.display());
        let url: DatabaseUrl = format!("{database}?sslmode=require&sslrootcert={file}")
            .parse()
            .unwrap();
        Options::postgres(url)
    };
    let store = Store::open(&with_tls("trusted.pem", &trusted)).unwrap();
    let encrypted = "SELECT 1 FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl";
    for store in [(&store, true), (&fixture.store, false)] {
        let (store, expected) = store;
        let read = store.read::<_, crate::Error, _>(move |view| view.exists(encrypted, &[]));
        assert_eq!(read.await, Ok(expected));
        let written = store.write::<_, crate::Error, _>(move |tx| tx.exists(encrypted, &[]));
        assert_eq!(written.await, Ok(expected));
    }
    store.close().await;
    let refused = Store::open(&with_tls("other.pem", &other)).unwrap_err();
    assert!(refused.to_string().contains("certificate"), "{refused}");
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Has the server of the tests speak TLS to those who want it. It writes the files itself: they must be its own.
fn give_certificate(certificate: &str, key: &str) {
    testing::administer(async |client| {
        for (file, pem) in [("server.crt", certificate), ("server.key", key)] {
            let sql = format!(
                "COPY (SELECT unnest(string_to_array('{pem}', E'\\n'))) TO PROGRAM 'umask 077; cat >{file}'"
            );
            client.batch_execute(&sql).await.unwrap();
        }
        client
            .batch_execute("ALTER SYSTEM SET ssl = on")
            .await
            .unwrap();
        client
            .batch_execute("SELECT pg_reload_conf()")
            .await
            .unwrap();
        // The server reloads a moment later; its next child is asked until it has.
        while client
            .query_one("SELECT current_setting('ssl')", &[])
            .await
            .unwrap()
            .get::<_, &str>(0)
            != "on"
        {
            tokio::task::yield_now().await;
        }
    });
}
