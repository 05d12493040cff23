%% Brings the cluster to the stack's definitions where an import adds only: `rabbitmqctl eval_file` of this, in a node.
%%
%% Users, permissions and policies are the stack's alone: what it does not say is removed. Virtual hosts, exchanges,
%% queues and bindings are left, for applications declare their own. One that is there in another form is named, and
%% nothing is changed then. Returns what is wrong, `[]` if nothing is; a quorum queue without a copy here is, too.
By = <<"ha-platform">>,
{ok, Text} = file:read_file(os:getenv("HA_DEFINITIONS")),
Said = rabbit_json:decode(Text),
Part = fun(Key) -> maps:get(Key, Said, []) end,
Names = fun(Keys, One) -> [maps:get(Key, One) || Key <- Keys] end,
Wanted = fun(Key, Keys) -> [Names(Keys, One) || One <- Part(Key)] end,
There = fun(Keys, One) -> [proplists:get_value(Key, One) || Key <- Keys] end,
Plain = fun(Table) -> maps:from_list([{Key, Value} || {Key, _, Value} <- Table]) end,
Other = fun(What, One, Is) ->
    Says = {maps:get(<<"type">>, One, none), maps:get(<<"durable">>, One), maps:get(<<"auto_delete">>, One),
            maps:get(<<"arguments">>, One)},
    case Is of
        Says -> [];
        _ -> [iolist_to_binary(io_lib:format("~ts ~ts of ~ts is there in another form: ~tp, wanted is ~tp",
              [What, maps:get(<<"name">>, One), maps:get(<<"vhost">>, One), Is, Says]))]
    end
end,
Queues = [begin
    Name = rabbit_misc:r(maps:get(<<"vhost">>, One), queue, maps:get(<<"name">>, One)),
    case rabbit_amqqueue:lookup(Name) of
        {ok, Queue} ->
            Other("queue", One, {none, amqqueue:is_durable(Queue), amqqueue:is_auto_delete(Queue),
                  Plain(amqqueue:get_arguments(Queue))});
        {error, not_found} -> [<<"queue ", (maps:get(<<"name">>, One))/binary, " is not there">>]
    end
end || One <- Part(<<"queues">>)],
Exchanges = [begin
    Name = rabbit_misc:r(maps:get(<<"vhost">>, One), exchange, maps:get(<<"name">>, One)),
    case rabbit_exchange:lookup(Name) of
        {ok, Exchange} ->
            Is = rabbit_exchange:info(Exchange, [type, durable, auto_delete, arguments]),
            Other("exchange", One, {atom_to_binary(proplists:get_value(type, Is)), proplists:get_value(durable, Is),
                  proplists:get_value(auto_delete, Is), Plain(proplists:get_value(arguments, Is))});
        {error, not_found} -> [<<"exchange ", (maps:get(<<"name">>, One))/binary, " is not there">>]
    end
end || One <- Part(<<"exchanges">>)],
case lists:append(Queues ++ Exchanges) of
    [] ->
        Users = Wanted(<<"users">>, [<<"name">>]),
        [rabbit_auth_backend_internal:delete_user(User, By)
         || [User] <- [There([user], One) || One <- rabbit_auth_backend_internal:list_users()],
            not lists:member([User], Users)],
        Permissions = Wanted(<<"permissions">>, [<<"user">>, <<"vhost">>]),
        [rabbit_auth_backend_internal:clear_permissions(User, VHost, By)
         || [User, VHost] <- [There([user, vhost], One) || One <- rabbit_auth_backend_internal:list_permissions()],
            not lists:member([User, VHost], Permissions)],
        [rabbit_auth_backend_internal:clear_topic_permissions(User, VHost, By)
         || [User, VHost] <- [There([user, vhost], One)
                              || One <- rabbit_auth_backend_internal:list_topic_permissions()]],
        Policies = Wanted(<<"policies">>, [<<"vhost">>, <<"name">>]),
        [rabbit_policy:delete(VHost, Name, By)
         || [VHost, Name] <- [There([vhost, name], One) || One <- rabbit_policy:list()],
            not lists:member([VHost, Name], Policies)],
        [<<"queue ", (element(4, amqqueue:get_name(Queue)))/binary, " has no copy here yet">>
         || Queue <- rabbit_amqqueue:list(), amqqueue:get_type(Queue) =:= rabbit_quorum_queue,
            [{members, Members}] <- [rabbit_amqqueue:info(Queue, [members])], not lists:member(node(), Members)];
    Wrong -> Wrong
end.
