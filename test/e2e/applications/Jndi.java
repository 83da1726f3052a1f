import java.util.ArrayList;
import java.util.Hashtable;
import java.util.List;
import javax.naming.Context;
import javax.naming.NameNotFoundException;
import javax.naming.NamingEnumeration;
import javax.naming.directory.Attribute;
import javax.naming.directory.Attributes;
import javax.naming.directory.BasicAttribute;
import javax.naming.directory.BasicAttributes;
import javax.naming.directory.DirContext;
import javax.naming.directory.ModificationItem;
import javax.naming.directory.SearchControls;
import javax.naming.directory.SearchResult;
import javax.naming.ldap.Control;
import javax.naming.ldap.InitialLdapContext;
import javax.naming.ldap.PagedResultsControl;
import javax.naming.ldap.PagedResultsResponseControl;
import javax.naming.ldap.SortControl;

/** JNDI as Keycloak, Jenkins, Nexus and Jira use it: critical pages, three-way membership filters, sync by modifyTimestamp, names of the schema, referral handling. */
public class Jndi {
  static String base;

  static InitialLdapContext connect(String url, String dn, String password) throws Exception {
    Hashtable<String, Object> env = new Hashtable<>();
    env.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
    env.put(Context.PROVIDER_URL, url);
    env.put(Context.SECURITY_AUTHENTICATION, "simple");
    env.put(Context.SECURITY_PRINCIPAL, dn);
    env.put(Context.SECURITY_CREDENTIALS, password);
    env.put("java.naming.ldap.attributes.binary", "jpegPhoto");
    return new InitialLdapContext(env, null);
  }

  static List<String> find(DirContext on, String under, String filter, Object... values) throws Exception {
    SearchControls how = new SearchControls(SearchControls.SUBTREE_SCOPE, 0, 0, null, false, false);
    List<String> names = new ArrayList<>();
    NamingEnumeration<SearchResult> found = on.search(under, filter, values, how);
    while (found.hasMore()) names.add(found.next().getNameInNamespace());
    return names;
  }

  static void expect(Object got, Object wanted) {
    if (!wanted.equals(got)) throw new AssertionError(got + " and not " + wanted);
  }

  static int paged(InitialLdapContext on, int size) throws Exception {
    int total = 0;
    byte[] cookie = null;
    do {
      on.setRequestControls(new Control[] {new PagedResultsControl(size, cookie, Control.CRITICAL)});
      total += find(on, base, "(objectClass=*)").size();
      cookie = null;
      for (Control one : on.getResponseControls())
        if (one instanceof PagedResultsResponseControl page) cookie = page.getCookie();
    } while (cookie != null);
    on.setRequestControls(null);
    return total;
  }

  public static void main(String[] args) throws Exception {
    String url = args[0];
    base = args[3];
    InitialLdapContext admin = connect(url, args[1], args[2]);
    String ada = "uid=ada,ou=people," + base;
    expect(admin.getAttributes("", new String[] {"namingContexts"}).get("namingContexts").contains(base), true);
    expect(find(admin, base, "(uid={0})", "ada"), List.of(ada));
    expect(find(admin, "ou=groups," + base, "(|(member={0})(uniqueMember={0})(memberUid={1}))", ada, "ada").size(), 1);
    expect(find(admin, base, "(&(objectClass=inetOrgPerson)(memberOf:1.2.840.113556.1.4.1941:={0}))", "cn=everybody,ou=groups," + base), List.of(ada));
    expect(find(admin, base, "(&(uid=ada)(modifyTimestamp>=20200101000000Z))").size(), 1);
    expect(find(admin, base, "(&(uid=ada)(createTimestamp>=20990101000000.0Z))").size(), 0);
    expect(paged(admin, 7), find(admin, base, "(objectClass=*)").size());

    Attributes attributes = admin.getAttributes(ada, new String[] {"jpegPhoto", "entryUUID", "memberOf"});
    expect(((byte[]) attributes.get("jpegPhoto").get()).length, 22);
    expect(attributes.get("entryUUID").get().toString().length(), 36);
    expect(attributes.get("memberOf").size(), 1);
    expect(admin.getSchema(ada).getAttributes("ClassDefinition/inetOrgPerson").get("NAME").get(), "inetOrgPerson");

    String java = "uid=java,ou=people," + base;
    Attributes entry = new BasicAttributes(true);
    Attribute classes = new BasicAttribute("objectClass");
    for (String one : List.of("inetOrgPerson", "organizationalPerson")) classes.add(one);
    entry.put(classes);
    entry.put("uid", "java");
    entry.put("cn", "Java");
    entry.put("sn", "Duke");
    admin.createSubcontext(java, entry).close();
    expect(admin.getAttributes(java, new String[] {"entryUUID"}).size(), 1);
    admin.modifyAttributes(java, new ModificationItem[] {
      new ModificationItem(DirContext.REPLACE_ATTRIBUTE, new BasicAttribute("userPassword", "coffee")),
      new ModificationItem(DirContext.ADD_ATTRIBUTE, new BasicAttribute("mail", "java@example.com"))});
    connect(url, java, "coffee").close();
    try {
      connect(url, java, "tea");
      throw new AssertionError("a wrong password was taken");
    } catch (javax.naming.AuthenticationException expected) {
      expect(expected.getMessage().contains("error code 49"), true);
    }
    admin.setRequestControls(new Control[] {new SortControl("sn", Control.CRITICAL)});
    expect(find(admin, base, "(|(uid=java)(uid=ada)(uid=charles))").get(0).startsWith("uid=charles"), true);
    admin.setRequestControls(null);
    admin.rename(java, "uid=kotlin,ou=people," + base);
    admin.destroySubcontext("uid=kotlin,ou=people," + base);
    try {
      admin.getAttributes(java);
      throw new AssertionError("the entry is still there");
    } catch (NameNotFoundException expected) {
      expect(expected.getRemainingName().toString(), java);
    }
    int listed = 0;
    NamingEnumeration<?> under = admin.list("ou=groups," + base);
    while (under.hasMore()) {
      under.next();
      listed++;
    }
    expect(listed >= 3, true);
    admin.close();
    System.out.println("ok");
  }
}
