%% Brings the cluster to the stack's definitions where an import adds only: `rabbitmqctl eval_file` of this, in a node.
%%
%% Users, permissions and policies are the stack's alone: what it does not say is removed. Virtual hosts, exchanges,
%% queues and bindings are left, for applications declare their own. One that is there in another form is named, and
%% nothing is changed then. Returns what is wrong, `[]` if nothing is; a quorum queue without a copy here is, too.
%%
%% While a rotation goes on, the former users are wanted, too: until the job that ends it has said so in a parameter that
%% all nodes know. Users that are called as wanted ones, with another number, are of other rotations.
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
Rotation = maps:get(<<"ha_rotation">>, Said, #{}),
Counter = maps:get(<<"counter">>, Rotation, 1),
Ended = case rabbit_runtime_parameters:value_global(ha_rotated) of not_found -> 0; Number -> Number end,
Former = case Ended < Counter - 1 of true -> maps:get(<<"former">>, Rotation, #{}); false -> #{} end,
Users = Wanted(<<"users">>, [<<"name">>]) ++ [[maps:get(<<"name">>, One)] || One <- maps:get(<<"users">>, Former, [])],
Split = fun(User) ->
    case binary:split(User, <<".">>) of
        [Word, Digits] -> try {Word, binary_to_integer(Digits)} catch error:badarg -> {User, 1} end;
        _ -> {User, 1}
    end
end,
Words = [element(1, Split(User)) || [User] <- Users],
Strange = [{User, element(2, Split(User))}
           || One <- rabbit_auth_backend_internal:list_users(), [User] <- [There([user], One)],
              not lists:member([User], Users), lists:member(element(1, Split(User)), Words)],
Says = fun(Format, Args) -> iolist_to_binary(io_lib:format("rotate.passwords: is ~b, and " ++ Format, [Counter | Args])) end,
Counters = [Says("was ~b here: the counter never goes back", [Ended + 1]) || Ended >= Counter] ++
    [Says("~ts is of a later one: the counter never goes back", [User]) || {User, Its} <- Strange, Its > Counter] ++
    [Says("clients are connected as ~ts, of two before: raise it by one, and again when that rotation has ended", [User])
     || {User, Its} <- Strange, Its < Counter - 1, rabbit_connection_tracking:list_of_user(User) =/= []],
case lists:append(Queues ++ Exchanges) ++ Counters of
    [] ->
        ok = case map_size(Former) of 0 -> ok; _ -> rabbit_definitions:import_raw(rabbit_json:encode(Former)) end,
        [rabbit_auth_backend_internal:delete_user(User, By)
         || [User] <- [There([user], One) || One <- rabbit_auth_backend_internal:list_users()],
            not lists:member([User], Users)],
        Permissions = Wanted(<<"permissions">>, [<<"user">>, <<"vhost">>]) ++
            [Names([<<"user">>, <<"vhost">>], One) || One <- maps:get(<<"permissions">>, Former, [])],
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
